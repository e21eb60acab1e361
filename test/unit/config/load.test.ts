import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findConfig, type LoadOptions, loadConfig, readEnvironment } from '../../../src/lib/config/load.js';
import { ConfigError, type ConfigProblem } from '../../../src/lib/errors.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const library = () => import('../../../src/lib/index.js');

const notCalled = () => Promise.reject(new Error('not needed'));

/** A new folder with these files. */
async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

const load = (cwd: string, options: Partial<LoadOptions> = {}) =>
  loadConfig({ cwd, cacheHome: join(cwd, '.cache'), library, ...options });

/** The error of loading `content` as the only config; `<folder>` stands for its folder. */
async function failure(name: string, content: string, others: Record<string, string> = {}): Promise<string> {
  const folder = await folderWith({ ...others, [`plutomi-events.config.${name}`]: content });
  const error: unknown = await load(folder).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw new Error('expected a ConfigError', { cause: error });
  return error.message.replaceAll(folder, '<folder>');
}

describe('findConfig', () => {
  test('looks upwards, and takes ts before mjs, js and json', async () => {
    const folder = await folderWith({
      'plutomi-events.config.json': '',
      'plutomi-events.config.mjs': '',
      'a/b/x': '',
      'a/plutomi-events.config.js/x': 'a folder is none',
    });
    expect(await findConfig(join(folder, 'a', 'b'))).toBe(join(folder, 'plutomi-events.config.mjs'));
    await writeFile(join(folder, 'a', 'plutomi-events.config.json'), '');
    expect(await findConfig(join(folder, 'a', 'b'))).toBe(join(folder, 'a', 'plutomi-events.config.json'));
  });

  test('without one: says what was looked for and where', async () => {
    const folder = await temporaryFolder();
    await expect(load(folder)).rejects.toThrow(
      `no config file: looked for plutomi-events.config.ts, plutomi-events.config.mjs, plutomi-events.config.js, plutomi-events.config.json in ${folder} and above`,
    );
  });
});

describe('loadConfig', () => {
  test('JSON, named by a relative path, without the library', async () => {
    const folder = await folderWith({ 'sub/p.json': '\uFEFF{"name": "p"}' });
    const config = await load(folder, { file: 'sub/p.json', library: notCalled });
    expect(config).toMatchObject({ name: 'p', file: join(folder, 'sub/p.json') });
  });

  test('a file that is not there', async () => {
    const folder = await temporaryFolder();
    await expect(load(folder, { file: 'x.json' })).rejects.toThrow(`no config file at ${folder}/x.json`);
  });

  test('TypeScript with defineConfig, a zod schema and handlers relative to the file', async () => {
    const zod = new URL('../../../node_modules/zod/index.js', import.meta.url).pathname;
    const folder = await folderWith({
      'app/handlers/mail.mjs': 'export default async () => {};',
      'app/types.ts': 'export const prefix: string = "totp";',
      'app/plutomi-events.config.ts': `
        import { defineConfig } from 'plutomi-events';
        import { z } from '${zod}';
        import { prefix } from './types.ts';
        export default defineConfig({
          name: 'typed' satisfies string,
          events: { [\`\${prefix}.requested\`]: { schema: z.object({ email: z.email() }) } },
          consumers: { mail: { events: ['totp.requested'], handler: './handlers/mail.mjs' } },
        });`,
    });
    const config = await load(join(folder, 'app'));
    expect(config.consumers[0]?.handler).toBe(join(folder, 'app/handlers/mail.mjs'));
    const schema = config.events[0]?.schema?.['~standard'];
    expect(schema?.vendor).toBe('zod');
    expect(await schema?.validate({ email: 'none' })).toHaveProperty('issues');
    expect(await schema?.validate({ email: 'a@b.example' })).toEqual({ value: { email: 'a@b.example' } });
  });

  test.each([
    ['mjs', 'export default { name: "p" }'],
    ['mjs', 'export default Promise.resolve({ name: "p" })'],
    ['mjs', 'const name = await Promise.resolve("p"); export default { name };'],
    ['js', 'export default { name: "p" }'],
    ['js', 'module.exports = { name: "p" }'],
    ['ts', 'const config: { name: string } = { name: "p" }; export default config;'],
  ])('%s: %s', async (ending, content) => {
    const folder = await folderWith({ [`plutomi-events.config.${ending}`]: content });
    expect((await load(folder)).name).toBe('p');
  });

  test('compiled code is kept in a folder of the user alone, and not in one that others can write to', async () => {
    const folder = await folderWith({ 'plutomi-events.config.ts': 'export default { name: "p" as string }' });
    await load(folder);
    const { mode } = await stat(join(folder, '.cache/plutomi-events/jiti'));
    expect(mode & 0o777).toBe(0o700);

    const shared = join(folder, 'shared/plutomi-events/jiti');
    await mkdir(shared, { recursive: true });
    await chmod(shared, 0o777);
    await load(folder, { cacheHome: join(folder, 'shared') });
    expect(await readdir(shared)).toEqual([]);
  });

  test('where no cache can be kept, it loads all the same', async () => {
    const folder = await folderWith({
      'plutomi-events.config.ts': 'export default { name: "p" as string }',
      file: '',
    });
    expect((await load(folder, { cacheHome: join(folder, 'file') })).name).toBe('p');
  });

  test('warnings are told apart from problems', async () => {
    const folder = await folderWith({
      'plutomi-events.config.json': '{"name": "p", "streams": {"events": {"maxMsgs": 5}}}',
    });
    const warnings: ConfigProblem[] = [];
    await load(folder, { onWarning: (warning) => warnings.push(warning) });
    expect(warnings).toEqual([
      {
        path: 'streams.events.maxMsgs',
        message: expect.stringContaining('can evict events that were not processed yet'),
      },
    ]);
  });

  test('all problems are in the error', async () => {
    const folder = await folderWith({ 'plutomi-events.config.json': '{"nmae": "p"}' });
    await expect(load(folder)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      exitCode: 2,
      message: `${folder}/plutomi-events.config.json has 2 problems:`,
      problems: [
        { path: 'name', message: 'expected a text, found nothing' },
        { path: 'nmae', message: 'unknown key; did you mean name?' },
      ],
    });
  });
});

describe('a config that cannot be read says where', () => {
  test.each([
    ['a comma too many', '{"name": "p",\n}', '2:1: this is no JSON: did not expect "}" here'],
    ['no comma', '{"a": 1\n  "b": 2}', '2:3: this is no JSON: did not expect "\\"" here'],
    ['a bare word', '{\n  "a": yes\n}', '2:8: this is no JSON: did not expect "y" here'],
    ['a bare key', '{a: 1}', '1:2: this is no JSON: did not expect "a" here'],
    ['a comment', '{\n // x\n}', '2:2: this is no JSON: did not expect "/" here'],
    ['cut off', '{"a": [1, 2', '1:12: this is no JSON: did not expect the end of the file here'],
    ['cut off in a text', '{"a": "x', '1:9: this is no JSON: did not expect the end of the file here'],
    ['empty', '', '1:1: this is no JSON: did not expect the end of the file here'],
    ['more than one', '{} {}', '1:4: this is no JSON: did not expect "{" here'],
    ['a line feed in a text', '{"a": "x\ny"}', '1:9: this is no JSON: did not expect "\\n" here'],
    ['single quotes', "{'a': 1}", '1:2: this is no JSON: did not expect "\'" here'],
    ['a broken number', '{"a": 01}', '1:8: this is no JSON: did not expect "1" here'],
    ['a broken escape', '{"a": "\\x"}', '1:9: this is no JSON: did not expect "x" here'],
  ])('JSON: %s', async (_, content, message) => {
    expect(await failure('json', content)).toBe(`<folder>/plutomi-events.config.json:${message}`);
  });

  test('a module that throws', async () => {
    expect(await failure('mjs', '\n\nthrow new Error("no luck\\ntoday");')).toBe(
      "can't load <folder>/plutomi-events.config.mjs: no luck today (at <folder>/plutomi-events.config.mjs:3:7)",
    );
  });

  test('a module that throws something else', async () => {
    expect(await failure('mjs', 'throw null;')).toBe("can't load <folder>/plutomi-events.config.mjs: null");
  });

  test('a rejected promise', async () => {
    const message = await failure('mjs', '\nexport default Promise.reject(new Error("no luck"));');
    expect(message).toMatch(
      /^can't load <folder>\/plutomi-events\.config\.mjs: no luck \(at .*config\.mjs:2:\d+\)$/,
    );
  });

  test('a module with an error of syntax', async () => {
    const message = await failure('ts', 'export default {\n  name: "p"\n  replicas: 1,\n};');
    expect(message).toContain('<folder>/plutomi-events.config.ts:3:');
    expect(message).not.toContain('\n');
  });

  test('an import that is not there', async () => {
    const message = await failure('ts', 'import { x } from "./missing.js";\nexport default { name: x };');
    expect(message).toMatch(
      /^can't load <folder>\/plutomi-events\.config\.ts: Cannot find module '.\/missing.js'/,
    );
    expect(message).not.toContain('Require stack');
  });

  test('an error in what it imports', async () => {
    const message = await failure('mjs', 'import "./schemas.mjs";\nexport default { name: "p" };', {
      'schemas.mjs': '\nundefined.x;',
    });
    expect(message).toContain('(at <folder>/schemas.mjs:2:');
  });

  test('no default export', async () => {
    expect(await failure('mjs', 'export const name = "p";')).toBe(
      '<folder>/plutomi-events.config.mjs has no default export',
    );
  });

  test('a function', async () => {
    const folder = await folderWith({ 'plutomi-events.config.mjs': 'export default () => ({ name: "p" })' });
    await expect(load(folder)).rejects.toMatchObject({
      problems: [{ path: '(whole file)', message: 'expected an object, found a function' }],
    });
  });
});

describe('readEnvironment', () => {
  test('empty variables count as unset', () => {
    const environment = readEnvironment(
      { HOME: '/home/ann', NATS_URL: '', NATS_USER: 'ann', NO_COLOR: '' },
      '/x',
    );
    expect(environment).toMatchObject({
      cwd: '/x',
      natsUser: 'ann',
      noColor: false,
      configHome: '/home/ann/.config',
      cacheHome: '/home/ann/.cache',
    });
    expect(environment).not.toHaveProperty('natsUrl');
  });
});
