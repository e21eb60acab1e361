import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('while relay and database are killed, no event of a committed transaction is lost, doubled or out of order', async () => {
  const words = ['test/outbox/run.mjs', '--rows', '2000', '--kills', '2', '--writers', '16'];
  const { stdout, stderr, exitCode } = await execa(process.execPath, words, { cwd: root, reject: false });
  expect(stdout, stderr).toMatch(
    /^rows 2,000, lost 0, doubled 0, out of order per key 0; naive poller lost [1-9][\d,]*$/,
  );
  expect(exitCode).toBe(0);
}, 180_000);
