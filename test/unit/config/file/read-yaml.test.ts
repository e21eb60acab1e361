import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../../src/lib/config/load.js';
import { readYaml } from '../../../../src/lib/config/file/read-yaml.js';
import { ConfigError } from '../../../../src/lib/errors.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

async function fileWith(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'plutomi-events.config.yaml');
  await writeFile(file, text);
  return file;
}

async function read(text: string): Promise<unknown> {
  return (await readYaml(await fileWith(text))).value;
}

/** Its message without the folder, and its problems. */
async function failure(text: string): Promise<ConfigError> {
  const file = await fileWith(text);
  const error: unknown = await load(file).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw new Error('expected a ConfigError', { cause: error });
  error.message = error.message.replaceAll(file, '<file>');
  return error;
}

const load = (file: string) =>
  loadConfig({
    cwd: '/',
    file,
    cacheHome: '/nowhere',
    library: () => Promise.reject(new Error('not needed')),
  });

test('text, numbers, flags, lists and nothing, by the rules of YAML 1.2', async () => {
  const text = `
name: shop          # a comment
replicas: 3
protected: true
latestOnly: [events.user.*, 'events.a']
events:
  user.created:
  1.50: {}
streams:
  events: { maxAge: 7d, maxMsgs: 1_000 }
is: yes
multi: |
  one
  two
`;
  expect(await read(text)).toEqual({
    name: 'shop',
    replicas: 3,
    protected: true,
    latestOnly: ['events.user.*', 'events.a'],
    events: { 'user.created': null, '1.50': {} },
    streams: { events: { maxAge: '7d', maxMsgs: '1_000' } },
    is: 'yes',
    multi: 'one\ntwo\n',
  });
});

test('anchors and aliases stand for the same value', async () => {
  const text = 'a: &limits { attempts: 3 }\nb: *limits\nc: [*limits]\n';
  expect(await read(text)).toEqual({ a: { attempts: 3 }, b: { attempts: 3 }, c: [{ attempts: 3 }] });
});

test.each(['yaml', 'yml'])(
  '%s is found in the folder and above, and its handlers are relative to it',
  async (ending) => {
    const folder = await temporaryFolder();
    await writeFile(
      join(folder, `plutomi-events.config.${ending}`),
      'name: shop\nevents: { a: }\nconsumers:\n  c: { events: [a], handler: ./c.mjs }\n',
    );
    const config = await loadConfig({
      cwd: folder,
      cacheHome: folder,
      library: () => Promise.reject(new Error('not needed')),
    });
    expect(config).toMatchObject({ name: 'shop', consumers: [{ handler: join(folder, 'c.mjs') }] });
  },
);

describe('what is not YAML, or no plain data, is refused with its position', () => {
  test.each([
    ['a tab', 'a:\n\tb: 1', '2:1: not valid YAML: Tabs are not allowed as indentation'],
    ['an open quote', 'a: "x', '1:6: not valid YAML: Missing closing "quote'],
    ['bad indentation', 'a: 1\n  b: 2\n', '1:4: not valid YAML: '],
    ['a second document', 'a: 1\n---\nb: 2', '2:1: not valid YAML: expected a single document'],
    ['a tag', 'a: !!js/function "x"', '1:4: not valid YAML: Unresolved tag: tag:yaml.org,2002:js/function'],
    ['binary data', 'a: !!binary aGk=', '1:4: not valid YAML: Unresolved tag: tag:yaml.org,2002:binary'],
    ['a list as a key', '? [a]\n: 1', '1:3: not valid YAML: With stringKeys, all keys must be strings'],
    ['a directive', '%FOO\n---\na: 1', '1:1: not valid YAML: Unknown directive %FOO'],
    [
      'a reserved character',
      'a: @x',
      '1:4: not valid YAML: Plain value cannot start with reserved character @',
    ],
  ])('%s', async (_, text, message) => {
    expect((await failure(text)).message).toContain(`<file>:${message}`);
  });

  test('${…} without quotes inside of brackets: says what helps', async () => {
    expect(await failure('a: [${X}, c]')).toMatchObject({
      suggestions: ['inside of { } and [ ], put "${…}" in quotes'],
    });
  });

  test('an alias of nothing, and one of what it is part of', async () => {
    expect(await failure('a: *none\nb: &b [*b]')).toMatchObject({
      message: expect.stringContaining('<file> is not valid YAML:\n  line 1, column 4: *none: there is'),
      problems: [
        { path: '*none', line: 1, column: 4, message: 'there is no &none before it' },
        { path: '*b', line: 2, column: 8, message: 'it stands for something that it is part of' },
      ],
    });
  });

  test('the same key twice: each with both lines', async () => {
    expect(await failure('name: a\nname: b\nevents:\n  a: {}\n  "a": {}\n')).toMatchObject({
      message: expect.stringContaining('<file> has the same key more than once:\n  line 2, column 1: name: '),
      problems: [
        { path: 'name', line: 2, column: 1, message: 'the same key is already in line 1' },
        { path: 'events.a', line: 5, column: 3, message: 'the same key is already in line 4' },
      ],
    });
  });

  test.each(['', ' \n', '# nothing\n', '---\n'])('an empty file: %j', async (text) => {
    expect(await failure(text)).toMatchObject({
      message: '<file> is empty, or has nothing but comments: a config has at least a name',
    });
  });
});

describe('what would take all memory is refused at once', () => {
  test('aliases of aliases', async () => {
    const levels = 'bcdefghij'.split('').map((name, i) => {
      const below = `*${'abcdefghij'[i] ?? ''}`;
      return `${name}: &${name} [${Array.from({ length: 9 }, () => below).join(', ')}]`;
    });
    const { message } = await failure(`a: &a [x, x, x]\n${levels.join('\n')}\n`);
    expect(message).toBe("<file>: can't be read: its aliases stand for more than 100 values");
  });

  test.each([
    ['brackets', '['.repeat(50_000)],
    ['dashes', '- '.repeat(50_000)],
    ['indentation', Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('many levels of %s', async (_, text) => {
    expect((await failure(text)).message).toBe(
      "<file>: can't be read: it is nested more than 100 levels deep",
    );
  });
});

test('a problem of a value has line and column, also by way of an alias', async () => {
  const text = [
    'name: p',
    'events: { a: }',
    'consumers:',
    '  one: &one',
    '    events: [a]',
    '    handler: ./a.mjs',
    '    timeout: 30',
    '  two: *one',
    '  three:',
    '    events: [a, b]',
    '    handler: ./a.mjs',
    'nmae: x',
  ].join('\n');
  expect((await failure(text)).problems).toMatchObject([
    { path: 'consumers.one.timeout', line: 7, column: 5 },
    { path: 'consumers.two.timeout', line: 7, column: 5 },
    { path: 'nmae', line: 12, column: 1 },
    { path: 'consumers.three.events[1]', line: 10, column: 17 },
  ]);
});

test('a prototype is refused', async () => {
  expect(await failure('name: p\nconsumers: { __proto__: { x: 1 } }')).toMatchObject({
    problems: [{ path: 'consumers.__proto__', line: 2 }],
  });
});
