import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const cwd = fileURLToPath(new URL('../../', import.meta.url));

const run = async (words: readonly string[]) =>
  execa(process.execPath, [...words], { cwd, reject: false, stdin: 'ignore' });

test.each([
  'scripts/setup.mjs',
  'scripts/test-compat.mjs',
  'scripts/fuzz.mjs',
  'bench/run.mjs',
  'test/chaos/run.mjs',
  'test/outbox/run.mjs',
])('%s says that there is no such flag, and runs nothing', async (file) => {
  const { exitCode, stdout, stderr } = await run([file, '--bogus']);
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^\S+: Unknown option '--bogus'\n?/);
  expect(stderr).not.toMatch(/^ {4}at /m);
});

test('a number that is none is named', async () => {
  const { exitCode, stderr } = await run(['test/outbox/run.mjs', '--rows', 'many']);
  expect(exitCode).toBe(2);
  expect(stderr).toBe(
    'outbox: --rows: expected a whole number of at least 1, found many\nit takes --rows <value>, --writers <value>, --kills <value>, --keys <value>',
  );
});

test('a benchmark that is none is named, with those that there are', async () => {
  const { exitCode, stderr } = await run(['bench/run.mjs', '--only', 'nope']);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^bench: .*\nbench: --only: no case nope; there are apply, consume, /);
});
