import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/lib/errors.js';
import { loadHandlers } from '../../../src/lib/handlers/load.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { worded } from '../../support/suggestions.js';

/** Files of handlers in a folder of their own, and what loads them by name. */
async function handlers(files: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const library = async () => ({ Reject: 'the library' });
  return {
    file: (name: string) => join(folder, name),
    load: (...names: readonly string[]) =>
      loadHandlers(
        names.map((name, i) => ({ path: `consumers.c${i}.handler`, file: join(folder, name) })),
        { library, cacheHome: folder },
      ),
  };
}

test.each([
  ['a.mjs', 'export default () => "mjs"', 'mjs'],
  ['a.cjs', 'module.exports = () => "cjs"', 'cjs'],
  ['a.js', 'export default () => "js"', 'js'],
  ['a.ts', 'export default (): string => "ts"', 'ts'],
  ['a.mts', 'import { Reject } from "plutomi-events"; export default () => Reject', 'the library'],
])('a handler is the default export of %s', async (name, text, returns) => {
  const { file, load } = await handlers({ [name]: text });
  const loaded = await load(name);
  expect((loaded.get(file(name)) as (() => unknown) | undefined)?.()).toBe(returns);
});

test('a file that several consumers name is loaded once', async () => {
  const { load } = await handlers({
    'a.mjs': 'globalThis.loads = (globalThis.loads ?? 0) + 1; export default () => globalThis.loads',
  });
  const loaded = await load('a.mjs', 'a.mjs');
  expect(loaded.size).toBe(1);
  expect([...loaded.values()].map((handler) => (handler as () => unknown)())).toEqual([1]);
});

test('everything that is wrong is told at once, each with its path', async () => {
  const { file, load } = await handlers({
    'good.mjs': 'export default () => {}',
    'object.mjs': 'export default {}',
    'named.mjs': 'export const handle = () => {}',
    'throws.mjs': 'throw new Error("no SMTP_URL")',
    'broken.mjs': 'export default (',
  });
  const error = await load(
    'good.mjs',
    'object.mjs',
    'named.mjs',
    'throws.mjs',
    'broken.mjs',
    'absent.mjs',
  ).then(
    () => expect.fail('they were loaded'),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(ConfigError);
  const { problems, exitCode } = error as ConfigError;
  expect(exitCode).toBe(2);
  expect(problems.map(({ path }) => path)).toEqual([1, 2, 3, 4, 5].map((i) => `consumers.c${i}.handler`));
  const messages = problems.map(({ message }) => message);
  expect(messages[0]).toBe(
    `expected ${file('object.mjs')} to have a function as its default export, found object`,
  );
  expect(messages[1]).toMatch(/found undefined$/);
  expect(messages[2]).toContain('no SMTP_URL');
  for (const [i, name] of ['throws.mjs', 'broken.mjs', 'absent.mjs'].entries()) {
    expect(messages[i + 2]).toContain(file(name));
  }
});

test('what to do about a file that could not be loaded is kept', async () => {
  const { file, load } = await handlers({
    'a.ts': 'const d = () => {};\nclass A { @d run() {} }\nexport default () => A',
  });
  await expect(load('a.ts')).rejects.toMatchObject({
    suggestions: [worded(`npx tsc   # then use the .js file that it makes of ${file('a.ts')}`)],
  });
});

test.each([
  ['async function* handle() {}', 'an async generator function'],
  ['function* handle() {}', 'a generator function'],
  ['class Handler { handle() {} }', 'a class'],
])('%s is refused, since calling it handles nothing', async (text, found) => {
  const { file, load } = await handlers({ 'a.mjs': `export default ${text}` });
  const error = await load('a.mjs').then(
    () => expect.fail('it was loaded'),
    (error: unknown) => error,
  );
  const [problem] = (error as ConfigError).problems;
  expect(problem?.path).toBe('consumers.c0.handler');
  expect(problem?.message).toContain(
    `expected ${file('a.mjs')} to have a function as its default export, found ${found}`,
  );
});
