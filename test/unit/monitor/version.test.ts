import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { version } from '../../../src/lib/monitor/version.js';

test('it is that of the package', async () => {
  const file = new URL('../../../package.json', import.meta.url);
  expect(version).toBe((JSON.parse(await readFile(file, 'utf8')) as { version: string }).version);
});
