import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { loadEnvFile } from '../../../src/lib/config/env-file.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const before = { ...process.env };
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
});

async function load(content: string): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, '.env'), content);
  await loadEnvFile(folder);
  return folder;
}

test('sets what is not set yet', async () => {
  process.env['PLUTOMI_TEST_SET'] = 'before';
  await load(
    [
      '# a comment',
      '',
      'PLUTOMI_TEST_SET=after',
      'PLUTOMI_TEST_A=1 # one',
      'export PLUTOMI_TEST_B = "two words"',
      "PLUTOMI_TEST_C='a",
      "b'",
      'PLUTOMI_TEST_D=',
    ].join('\n'),
  );
  expect(process.env).toMatchObject({
    PLUTOMI_TEST_SET: 'before',
    PLUTOMI_TEST_A: '1',
    PLUTOMI_TEST_B: 'two words',
    PLUTOMI_TEST_C: 'a\nb',
    PLUTOMI_TEST_D: '',
  });
});

test('no file, or a folder of that name: nothing happens', async () => {
  const folder = await temporaryFolder();
  await loadEnvFile(folder);
  await mkdir(join(folder, '.env'));
  await loadEnvFile(folder);
});

describe('a malformed file names the line, and nothing of its text', () => {
  test.each([
    ['no assignment', 'PLUTOMI_TEST_A=1\nsecret-token\n', 2],
    ['a name that is none', '\n\n1A=secret', 3],
    ['an open quote', 'PLUTOMI_TEST_A=1\n\nPLUTOMI_TEST_B="secret\nPLUTOMI_TEST_C=2\n', 3],
  ])('%s', async (_, content, line) => {
    const error: unknown = await load(content).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ConfigError', exitCode: 2 });
    expect((error as Error).message).toMatch(new RegExp(`/\\.env:${line}: expected NAME=value`));
    expect((error as Error).message).not.toContain('secret');
    expect(process.env).not.toHaveProperty('PLUTOMI_TEST_A');
  });
});

test('the longest file is read in linear time', async () => {
  await load(`${'#'.repeat(100_000)}\n${'A_=x'.repeat(50_000)}\n`);
});
