import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const zod = fileURLToPath(new URL('../../node_modules/zod/index.js', import.meta.url));

const handler = 'export default async () => {};\n';
const small = {
  name: 'plutomi',
  events: { 'totp.requested': null },
  consumers: { mailer: { events: ['totp.requested'], handler: './handler.mjs' } },
};

async function folderWith(files: Record<string, unknown>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

/** Runs `plutomi-events config <words>` without a terminal and with little in its environment. */
async function config(words: string, cwd: string, env: Record<string, string> = {}) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [bin, 'config', ...words.split(' ')], {
    cwd,
    env: { HOME: cwd, ...env },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
  return { exitCode, stdout, stderr };
}

test('what a config prints is no part of a result', async () => {
  const text = `console.log('printed by the config');\nexport default ${JSON.stringify(small)};\n`;
  const folder = await folderWith({ 'plutomi-events.config.mjs': text, 'handler.mjs': handler });
  const { exitCode, stdout, stderr } = await config('show --json', folder);
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { name: 'plutomi' }]);
  expect(stderr).toContain('printed by the config');
});

describe('config show', () => {
  test('YAML, filled in from the environment and from .env', async () => {
    const folder = await folderWith({
      'plutomi-events.config.yml':
        'name: shop-${STAGE}\nreplicas: ${REPLICAS:-3}\nevents: { a: }\nserver:\n  url: nats://me:${DB_PASSWORD}@h:4222\n',
      '.env': 'STAGE=test\nDB_PASSWORD=hunter2\n',
    });
    const json = await config('show --json', folder, { REPLICAS: '5' });
    expect(json).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: 'shop-test',
      streams: { events: { replicas: 5 } },
      server: { url: 'nats://h:4222' },
    });
    expect(json.stdout).not.toContain('hunter2');
  });

  test('a variable that is not set: its path, line, column and name', async () => {
    const folder = await folderWith({
      'plutomi-events.config.yaml': 'name: p\nstreams:\n  events:\n    maxAge: ${MAX_AGE}\n',
    });
    const { exitCode, stderr } = await config('show', folder);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      '  line 4, column 5: streams.events.maxAge: the environment has no MAX_AGE, and there is no default for it\n',
    );
  });

  test('a JSON config, found upwards, with its defaults', async () => {
    const folder = await folderWith({
      'plutomi-events.config.json': small,
      'handler.mjs': handler,
      'deep/er/x': '',
    });
    const text = await config('show', join(folder, 'deep/er'));
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toContain(
      `file: ${folder}/plutomi-events.config.json\nname: plutomi\nsubjectPrefix: events\ncluster: none\nstreams:\n`,
    );
    expect(text.stdout).toContain('  mailer:\n    external: false\n    subjects: events.totp.requested\n');

    const json = await config('show --json', folder);
    expect(json).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: 'plutomi',
      streams: { events: { maxAge: '7d' }, dlq: { maxAge: null } },
      events: { 'totp.requested': { subject: 'events.totp.requested', schema: null } },
      consumers: { mailer: { handler: join(folder, 'handler.mjs'), retry: { delay: '5m' } } },
    });
  });

  test('a TypeScript config that imports defineConfig and has a zod schema', async () => {
    const folder = await folderWith({
      'handler.mjs': handler,
      'plutomi-events.config.ts': `
        import { defineConfig } from 'plutomi-events';
        import { z } from '${zod}';
        export default defineConfig({
          name: 'typed',
          events: { 'totp.requested': { schema: z.object({ email: z.email() }) } },
          consumers: { mailer: { events: ['totp.requested'], handler: './handler.mjs' } },
        });`,
    });
    const { exitCode, stdout, stderr } = await config('show --json', folder);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).events['totp.requested'].schema).toBe('zod');
  });

  test('warnings go to stderr, once, also with --json', async () => {
    const folder = await folderWith({
      'p.json': { name: 'p', streams: { events: { maxMsgs: 10 } } },
    });
    for (const words of ['show -c p.json', 'show -c p.json --json']) {
      const { exitCode, stderr } = await config(words, folder);
      expect(exitCode).toBe(0);
      expect(stderr).toMatch(/^Warning: streams\.events\.maxMsgs: this limit can evict [^\n]+$/);
    }
  });

  test('.env of the working folder is read before the config', async () => {
    const folder = await folderWith({
      '.env': 'STAGE=blue\n',
      'plutomi-events.config.mjs': 'export default { name: `p-${process.env.STAGE}` };',
    });
    const { stdout } = await config('show --json', folder);
    expect(JSON.parse(stdout).name).toBe('p-blue');
    const set = await config('show --json', folder, { STAGE: 'green' });
    expect(JSON.parse(set.stdout).name).toBe('p-green');
    // Empty counts as unset, as everywhere.
    const empty = await config('show --json', folder, { STAGE: '' });
    expect(JSON.parse(empty.stdout).name).toBe('p-blue');
  });
});

describe('exit code 2, the same with --json', () => {
  test.each<[string, Record<string, unknown>, string, readonly string[]]>([
    ['no config', {}, 'show', ['no config file: looked for plutomi-events.config.ts']],
    ['a config that is not there', {}, 'show -c nope.json', ['no config file at ', '/nope.json']],
    [
      'every problem of a config',
      { 'plutomi-events.config.json': { ...small, nmae: 1, replicas: 9 } },
      'show',
      [
        'plutomi-events.config.json has 2 problems:',
        'nmae: unknown key; did you mean name?',
        ': replicas: expected a whole number from 1 to 5, found 9',
      ],
    ],
    [
      'no JSON',
      { 'plutomi-events.config.json': '{"name":\n oops}' },
      'show',
      ['plutomi-events.config.json:2:2: not valid JSON'],
    ],
    [
      'a config that throws',
      { 'plutomi-events.config.mjs': '\nthrow new Error("no luck");' },
      'show',
      ["can't load ", 'no luck (at ', 'plutomi-events.config.mjs:2)'],
    ],
    ['a malformed .env', { '.env': 'oops\n' }, 'schema', ['/.env:1: expected NAME=value']],
  ])('%s', async (_, files, words, messages) => {
    const folder = await folderWith(files);
    const human = await config(words, folder);
    expect(human).toMatchObject({ exitCode: 2, stdout: '' });
    const json = await config(`${words} --json`, folder);
    expect(json).toMatchObject({ exitCode: 2, stderr: '' });
    const { error } = JSON.parse(json.stdout);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', suggestions: expect.any(Array) });
    for (const message of messages) {
      expect(error.message).toContain(message);
      expect(human.stderr).toContain(message);
    }
    expect(human.stderr).not.toMatch(/\n\s+at /);
  });
});

test('a config with problems names how to see what each key may say', async () => {
  const consumers = { 'mailer.one': { ...small.consumers.mailer, timeout: '5min' } };
  const folder = await folderWith({ 'plutomi-events.config.json': { ...small, nmae: 1, consumers } });
  const { stderr } = await config('show', folder);
  expect(stderr).toContain('expected a duration like 5m, found "5min"; did you mean 5m?');
  expect(stderr).toContain('→ plutomi-events config schema   # what a config may contain');
  expect(stderr).toContain('→ plutomi-events config schema consumers.any.timeout   # what it may contain');
  const key = await config('schema consumers.any.timeout', folder);
  expect(JSON.parse(key.stdout)).toMatchObject({ default: '30s', description: 'time limit of one attempt' });
});

describe('config schema', () => {
  test('is the same with and without --json, and fits a config', async () => {
    const folder = await temporaryFolder();
    const text = await config('schema', folder);
    const json = await config('schema --json', folder);
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(text.stdout)).toEqual(JSON.parse(json.stdout));
    const validate = new Ajv2020({ validateFormats: false }).compile(JSON.parse(json.stdout));
    expect(validate(small)).toBe(true);
    expect(validate({ ...small, nmae: 1 })).toBe(false);
  });
});
