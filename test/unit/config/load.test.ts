import { chmod, chown, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../../src/lib/connection/environment.js';
import { findConfig, type LoadOptions, loadConfig } from '../../../src/lib/config/load.js';
import { ConfigError, type ConfigProblem } from '../../../src/lib/errors.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { containing } from '../../support/suggestions.js';

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
  test('looks upwards, and takes ts before mjs, js, json, yaml and yml', async () => {
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
      `no config file: looked for plutomi-events.config.ts, plutomi-events.config.mjs, plutomi-events.config.js, plutomi-events.config.json, plutomi-events.config.yaml, plutomi-events.config.yml in ${folder} and above`,
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
    await expect(load(folder, { file: '/dev/null' })).rejects.toThrow('found no regular file: /dev/null');
    await expect(load(folder, { file: '/' })).rejects.toMatchObject({
      message: 'expected a config file, found a folder: /',
      suggestions: ['name a file with --config'],
    });
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
    const { mode } = await stat(join(folder, '.cache/plutomi-events/modules-2'));
    expect(mode & 0o777).toBe(0o700);

    const shared = join(folder, 'shared/plutomi-events/modules-2');
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
      summary: `${folder}/plutomi-events.config.json has 2 problems:`,
      message: `${folder}/plutomi-events.config.json has 2 problems:\n  name: required: a string\n  line 1, column 2: nmae: unknown key; did you mean name?`,
      problems: [
        { path: 'name', message: 'required: a string' },
        { path: 'nmae', line: 1, column: 2, message: 'unknown key; did you mean name?' },
      ],
    });
  });
});

test('keys that each object of JavaScript has are unknown keys too', async () => {
  const folder = await folderWith({
    'plutomi-events.config.json': '{"name": "p", "toString": {"a": 1}, "constructor": 2}',
  });
  await expect(load(folder)).rejects.toMatchObject({
    problems: [{ path: 'toString' }, { path: 'constructor' }],
  });
});

test('a folder that has one, and another kind of file, are told apart', async () => {
  const folder = await folderWith({
    'plutomi-events.config.json': '{}',
    'notes.txt': 'name: p',
  });
  await expect(load(folder, { file: '.' })).rejects.toMatchObject({
    message: `expected a config file, found a folder: ${folder}`,
    suggestions: [`name the one in it with --config: ${folder}/plutomi-events.config.json`],
  });
  await expect(load(folder, { file: 'notes.txt' })).rejects.toThrow(
    'expected a config that ends in one of .ts, .mjs, .js, .json, .yaml, .yml, found ".txt"',
  );
});

describe('JSON that JavaScript reads as something else is refused', () => {
  test('the same key twice, at any depth and however it is written: each with both lines', async () => {
    const folder = await folderWith({
      'plutomi-events.config.json':
        '{\n "name": "p",\n "name": "q",\n "consumers": {\n  "n": {"events": [{}, {"a": 1, "a": 2}]},\n  "\\u006e": {}\n }\n}',
    });
    await expect(load(folder)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      exitCode: 2,
      problems: [
        { path: 'name', line: 3, column: 2, message: 'the same key is already in line 2' },
        {
          path: 'consumers.n.events[1].a',
          line: 5,
          column: 33,
          message: 'the same key is already in line 5',
        },
        { path: 'consumers.n', line: 6, column: 3, message: 'the same key is already in line 5' },
      ],
    });
  });

  test.each([
    ['{"name": "p", "consumers": {"__proto__": {}}}', 'consumers.__proto__'],
    ['{"name": "p", "__proto__": {"replicas": 3}}', '__proto__'],
    ['{"name": "p", "events": {"a.b": {"__proto__": null}}}', 'events["a.b"].__proto__'],
  ])('%s', async (content, path) => {
    const folder = await folderWith({ 'plutomi-events.config.json': content });
    await expect(load(folder)).rejects.toMatchObject({
      problems: [
        {
          path,
          line: 1,
          column: expect.any(Number),
          message: 'this name is not allowed: JavaScript takes it for something else',
        },
      ],
    });
  });

  test('a prototype in JavaScript', async () => {
    const folder = await folderWith({
      'plutomi-events.config.mjs':
        'export default { name: "p", events: { e: {} }, consumers: { __proto__: { c: { events: ["e"] } } } }',
    });
    await expect(load(folder)).rejects.toMatchObject({ problems: [{ path: 'consumers.__proto__' }] });
  });
});

describe('TypeScript', () => {
  const paths = {
    'tsconfig.json': '{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["src/*"] } } }',
    'src/names.ts': 'export enum Name { Shop = "shop" }',
  };

  test('path aliases of the tsconfig beside it or above it are followed', async () => {
    const text = 'import { Name } from "@/names";\nexport default { name: Name.Shop };';
    const folder = await folderWith({ ...paths, 'plutomi-events.config.ts': text, 'a/b.ts': text });
    expect((await load(folder)).name).toBe('shop');
    expect((await load(folder, { file: 'a/b.ts' })).name).toBe('shop');
  });

  test('a tsconfig that cannot be read is an error of TypeScript alone', async () => {
    const broken = { 'tsconfig.json': '{ "extends": "./missing.json" }' };
    expect(await failure('ts', 'export default { name: "p" };', broken)).toMatch(
      /can't load .*missing\.json/,
    );
    const folder = await folderWith({
      ...broken,
      'plutomi-events.config.mjs': 'export default { name: "p" };',
    });
    expect((await load(folder)).name).toBe('p');
  });

  test.each([
    ['of a field', 'const Column = () => () => {};\nclass User {\n  @Column() name!: string;\n}', '3:3'],
    ['of a method', 'const log = (_: object) => {};\nclass A { @log run() {} }', '2:11'],
    ['of a class', '@(() => {}) class A {}', '1:1'],
  ])('a decorator %s is refused with its position, also in what is imported', async (_, text, at) => {
    const folder = await folderWith({
      'plutomi-events.config.ts': `${text}\nexport default { name: "p" };`,
      'importing.ts': 'import "./plutomi-events.config.js";\nexport default { name: "p" };',
    });
    for (const file of ['plutomi-events.config.ts', 'importing.ts']) {
      await expect(load(folder, { file })).rejects.toMatchObject({
        message: expect.stringContaining(
          `there is a decorator at ${folder}/plutomi-events.config.ts:${at}, and TypeScript is only compiled without`,
        ),
        suggestions: [containing('npx tsc')],
      });
    }
  });

  test.each([
    [
      '{ "references": [{ "path": "./tsconfig.app.json" }] }',
      'if "@/rates" is an alias: those of compilerOptions.paths in',
    ],
    ['{ broken', 'if "@/rates" is an alias: those of compilerOptions.paths in'],
    ['{ "extends": "nowhere/base.json" }', 'that is what <folder>/tsconfig.json extends'],
  ])('what is not found says where aliases come from: %s', async (tsconfig, hint) => {
    const folder = await folderWith({
      'plutomi-events.config.ts': 'import { name } from "@/rates";\nexport default { name };',
      'tsconfig.json': tsconfig,
    });
    await expect(load(folder)).rejects.toMatchObject({
      suggestions: [expect.stringContaining(hint.replace('<folder>', folder))],
    });
  });

  test('a package that is not installed, in JavaScript or without a tsconfig, has no such hint', async () => {
    const text = 'import "nowhere-pkg";\nexport default { name: "p" };';
    for (const files of [
      { 'plutomi-events.config.ts': text },
      { 'plutomi-events.config.mjs': text, 'tsconfig.json': '{}' },
    ]) {
      await expect(load(await folderWith(files))).rejects.toMatchObject({ suggestions: [] });
    }
  });

  test('a syntax that only tsc knows is named, without advice for those who configure Babel', async () => {
    const text = 'class A { accessor b = 1 }\nexport default { name: "p" };';
    const folder = await folderWith({ 'plutomi-events.config.ts': text });
    await expect(load(folder)).rejects.toMatchObject({
      message: `can't load ${folder}/plutomi-events.config.ts: ParseError: TypeScript is only compiled without decoratorAutoAccessors here ${folder}/plutomi-events.config.ts:1:19`,
      suggestions: [containing('npx tsc')],
    });
  });
});

test.runIf(process.getuid?.() === 0)(
  'a config of somebody else is refused, unless its folder is trusted',
  async () => {
    const folder = await folderWith({ 'plutomi-events.config.json': '{"name": "p"}' });
    const file = join(folder, 'plutomi-events.config.json');
    await chown(file, 4711, 4711);
    const me = { uid: 0, folders: [] };
    await expect(load(folder, { trust: me })).rejects.toMatchObject({
      code: 'NOT_YOURS',
      exitCode: 2,
      message: expect.stringContaining(`${file} belongs to user 4711, who is neither you (0) nor root`),
      suggestions: [
        expect.stringContaining('chown 0'),
        expect.stringContaining(`PLUTOMI_TRUSTED_FOLDERS=${folder}`),
      ],
    });
    await expect(load(folder, { trust: me, file })).rejects.toMatchObject({ code: 'NOT_YOURS' });
    for (const trust of [
      { uid: 4711, folders: [] },
      { uid: 0, folders: [folder] },
      { uid: 0, folders: ['*'] },
      { uid: 0, sudoUid: 4711, folders: [] },
    ]) {
      expect((await load(folder, { trust })).name).toBe('p');
    }
  },
);

describe('a config that cannot be read says where', () => {
  test.each([
    ['a comma too many', '{"name": "p",\n}', '2:1: not valid JSON: unexpected "}"'],
    ['no comma', '{"a": 1\n  "b": 2}', '2:3: not valid JSON: unexpected "\\""'],
    ['a bare word', '{\n  "a": yes\n}', '2:8: not valid JSON: unexpected "y"'],
    ['a bare key', '{a: 1}', '1:2: not valid JSON: unexpected "a"'],
    ['a comment', '{\n // x\n}', '2:2: not valid JSON: unexpected "/"'],
    ['cut off', '{"a": [1, 2', '1:12: not valid JSON: unexpected end of the file'],
    ['cut off in a text', '{"a": "x', '1:9: not valid JSON: unexpected end of the file'],
    ['empty', '', '1:1: not valid JSON: unexpected end of the file'],
    ['more than one', '{} {}', '1:4: not valid JSON: unexpected "{"'],
    ['a line feed in a text', '{"a": "x\ny"}', '1:9: not valid JSON: unexpected "\\n"'],
    ['single quotes', "{'a': 1}", '1:2: not valid JSON: unexpected "\'"'],
    ['a broken number', '{"a": 01}', '1:8: not valid JSON: unexpected "1"'],
    ['a broken escape', '{"a": "\\x"}', '1:9: not valid JSON: unexpected "x"'],
  ])('JSON: %s', async (_, content, message) => {
    expect(await failure('json', content)).toBe(`<folder>/plutomi-events.config.json:${message}`);
  });

  test.each(['json', 'yaml'])('%s in another encoding', async (ending) => {
    for (const [bytes, message] of [
      [Buffer.from('\uFEFF{"name": "p"}', 'utf16le'), ':1: expected text in UTF-8, found UTF-16'],
      [Buffer.from('{"name":\n"gr\u00f6sse"}', 'latin1'), ':2: expected text in UTF-8, found other bytes'],
    ] as const) {
      const folder = await temporaryFolder();
      const file = join(folder, `plutomi-events.config.${ending}`);
      await writeFile(file, bytes);
      await expect(load(folder)).rejects.toThrow(`${file}${message}`);
    }
  });

  test('JSON: many levels', async () => {
    const text = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    expect(await failure('json', text)).toBe(
      "<folder>/plutomi-events.config.json: can't be read: it is nested more than 100 levels deep",
    );
  });

  test('a module that throws', async () => {
    expect(await failure('mjs', '\n\nthrow new Error("no luck\\ntoday");')).toBe(
      "can't load <folder>/plutomi-events.config.mjs: no luck today (at <folder>/plutomi-events.config.mjs:3)",
    );
  });

  test('a module that throws something else', async () => {
    expect(await failure('mjs', 'throw null;')).toBe("can't load <folder>/plutomi-events.config.mjs: null");
  });

  test('a rejected promise', async () => {
    const message = await failure('mjs', '\nexport default Promise.reject(new Error("no luck"));');
    expect(message).toMatch(
      /^can't load <folder>\/plutomi-events\.config\.mjs: no luck \(at .*config\.mjs:2\)$/,
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
    expect(message).toContain('(at <folder>/schemas.mjs:2)');
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
      dumbTerminal: false,
      forceColor: false,
      trust: { uid: process.getuid?.(), folders: [] },
      configHome: '/home/ann/.config',
      cacheHome: '/home/ann/.cache',
    });
    expect(environment).not.toHaveProperty('natsUrl');
  });
});

test.each([
  ['{"name": "p", "events": {"a:b": {}, "c\\"d": {}}}', false],
  ['{"name": "\\"x\\": 1", "events": {"a": {"subject": "q:"}}}', false],
  ['{"name" : "p", "name"\n: "q"}', true],
  ['{"name": "p", "\\u006eame": "q"}', true],
])('a colon in a text makes no key, however it is written: %s', async (content, twice) => {
  const error: unknown = await folderWith({ 'plutomi-events.config.json': content })
    .then(load)
    .catch((e: unknown) => e);
  expect(error instanceof ConfigError && error.message.includes('more than once')).toBe(twice);
});
