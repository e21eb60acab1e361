import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DiscardPolicy } from '@nats-io/jetstream';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/lib/nats/connect/connect.js';
import type { Link } from '../../src/lib/nats/link.js';
import { eventually } from '../support/eventually.js';
import { startNats, type TestServer } from '../support/nats-server.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { makeProject } from '../support/project.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

let nats: TestServer;
let link: Link;
beforeAll(async () => {
  nats = await startNats();
  link = await connect({ servers: [nats.url], source: 'test', name: 'test', timeoutMs: 5000 });
});
afterAll(async () => {
  await link.close();
  await nats.stop();
});

const schemaModule = `
const validate = (data) =>
  typeof data?.email === 'string'
    ? { value: data }
    : { issues: [{ message: 'expected an address', path: ['email'] }] };
export default {
  name: 'test',
  events: {
    'totp.requested': { schema: { '~standard': { version: 1, vendor: 'test', validate } } },
    note: {},
    job: { subject: 'events.{tenant}.job' },
  },
  consumers: { mailer: { events: ['totp.requested'], handler: './handler.mjs' } },
};`;

/** A folder with a config, and an empty events stream for it. */
async function pipeline(): Promise<string> {
  const cwd = await temporaryFolder();
  await writeFile(`${cwd}/plutomi-events.config.mjs`, schemaModule);
  await writeFile(`${cwd}/handler.mjs`, 'export default () => {};');
  await link.jsm.streams.add({ name: 'events', subjects: ['events.>'] });
  onTestFinished(async () => void (await link.jsm.streams.delete('events').catch(() => {})));
  return cwd;
}

async function publish(cwd: string, words: readonly string[], input?: string) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [bin, 'events', 'publish', ...words], {
    cwd,
    env: { NATS_URL: nats.url, PATH: process.env.PATH ?? '', XDG_CACHE_HOME: cwd },
    extendEnv: false,
    reject: false,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
  });
  return { exitCode, stdout, stderr };
}

const json = (ended: { stdout: string }): unknown => JSON.parse(ended.stdout);
const stored = async (seq: number) => {
  const found = await link.readFromLeader('events', seq);
  return { ...found, text: Buffer.from(found?.data ?? []).toString() };
};

const email = '{"email": "ada@example.com"}';

describe('events publish', () => {
  test('a type, with headers; a second one with the same id is a duplicate and no failure', async () => {
    const cwd = await pipeline();
    const words = ['--header', 'Session-Id: a:b', 'totp.requested', '--data', email, '--id', 'login-1'];
    const first = await publish(cwd, [...words, '--header', 'Tag: 1', '--header', 'Tag: 2', '--json']);
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(json(first)).toEqual({ stream: 'events', seq: 1, duplicate: false, msgId: 'login-1' });
    expect(await stored(1)).toMatchObject({
      subject: 'events.totp.requested',
      text: email,
      headers: {
        'Session-Id': ['a:b'],
        Tag: ['1', '2'],
        'Event-Type': ['totp.requested'],
        'Nats-Msg-Id': ['login-1'],
      },
    });

    const again = await publish(cwd, words);
    expect(again).toMatchObject({ exitCode: 0, stderr: '' });
    expect(again.stdout).toMatch(/^duplicate: the id login-1 is already stored, as events\/1 on [^\n]+$/);
    expect(json(await publish(cwd, [...words, '--json']))).toMatchObject({ seq: 1, duplicate: true });
  });

  test('data from a file and from stdin, byte by byte; a subject that nobody reads is noted', async () => {
    const cwd = await pipeline();
    await writeFile(`${cwd}/event.bin`, Buffer.from([0, 255, 10]));
    const note = await publish(cwd, ['note', '--data', '@event.bin']);
    expect(note.exitCode).toBe(0);
    expect(note.stdout).toMatch(
      /^published to events\.note: stored as events\/1 on 127\.0\.0\.1:\d+, id [0-9a-f-]{36}$/,
    );
    expect(note.stderr).toBe('Warning: no consumer of the config reads events.note');
    expect([...((await stored(1)).data ?? [])]).toEqual([0, 255, 10]);

    expect((await publish(cwd, ['events.audit.login', '--data', '-'], 'über\n')).exitCode).toBe(0);
    expect((await stored(2)).text).toBe('über\n');
    expect((await publish(cwd, ['note'])).exitCode).toBe(0);
    expect((await stored(3)).text).toBe('');
  });

  test('data that begins like JSON and is not is stored with a warning', async () => {
    const cwd = await pipeline();
    const broken = await publish(cwd, ['events.audit.login', '--data', '{"bad json"']);
    expect(broken).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('Warning: the data looks like JSON but is not valid JSON'),
    });
    expect((await stored(1)).text).toBe('{"bad json"');
  });

  test('--count: ids of their own, one result', async () => {
    const cwd = await pipeline();
    const words = ['totp.requested', '--data', email, '--id', 'load', '--count', '300'];
    const all = await publish(cwd, [...words, '--json']);
    expect(all.exitCode).toBe(0);
    expect(json(all)).toEqual({ stream: 'events', count: 300, firstSeq: 1, lastSeq: 300, duplicates: 0 });
    expect(all.stderr).toMatch(
      /^publishing 300 to events\.totp\.requested on 127\.0\.0\.1:\d+, ids load-1 to load-300$/,
    );
    const ids = new Set<string | undefined>();
    for (let seq = 1; seq <= 300; seq++) ids.add((await stored(seq)).headers?.['Nats-Msg-Id']?.[0]);
    expect(ids).toEqual(new Set(Array.from({ length: 300 }, (_, i) => `load-${i + 1}`)));

    const more = await publish(cwd, [...words.slice(0, -1), '310']);
    expect(more.stdout).toMatch(/^published 10 to .*: events\/1 to events\/310; 300 were already stored$/);
    expect((await publish(cwd, ['totp.requested', '--data', email, '--count', '2'])).exitCode).toBe(0);
    expect((await stored(311)).headers?.['Nats-Msg-Id']?.[0]).toMatch(/^[0-9a-f-]{36}-\d$/);
  });
});

describe('events publish refuses', () => {
  const cases: readonly [string, readonly string[], number, string, RegExp][] = [
    ['no type', [], 2, 'USAGE', /type/],
    ['an unknown type', ['totp.request'], 2, 'UNKNOWN_EVENT_TYPE', /did you mean "totp\.requested"/],
    [
      'data that breaks the schema',
      ['totp.requested', '--data', '{}'],
      2,
      'SCHEMA_VIOLATION',
      /email: expected/,
    ],
    ['no data where a schema wants some', ['totp.requested'], 2, 'SCHEMA_VIOLATION', /email: expected/],
    [
      'a missing file',
      ['note', '--data', '@nowhere.json'],
      2,
      'DATA_UNREADABLE',
      /nowhere\.json: there is no such file/,
    ],
    [
      'a part that the type does not have',
      ['note', '--param', 'x=y'],
      2,
      'SUBJECT_PART',
      /events\.note has no part "x"; it has none/,
    ],
    [
      'another part than that of the type',
      ['job', '--param', 'tenant=a', '--param', 'tenent=b'],
      2,
      'SUBJECT_PART',
      /events\.\{tenant\}\.job has no part "tenent"; it has tenant[^]*did you mean: tenant/,
    ],
    [
      'a header without a colon',
      ['note', '--header', 'Tag'],
      2,
      'USAGE',
      /expected "Name: value", found "Tag"/,
    ],
    [
      "a header of the server's",
      ['note', '--header', 'Nats-Rollup: all'],
      2,
      'INVALID_HEADER',
      /Nats-Rollup/,
    ],
    ['a header with a line feed', ['note', '--header', 'Tag: a\nB: c'], 2, 'INVALID_HEADER', /line feed/],
    ['an empty id', ['note', '--id', ''], 2, 'INVALID_HEADER', /id that is not empty/],
    [
      'a count of 0',
      ['note', '--count', '0'],
      2,
      'USAGE',
      /: --count: expected a whole number of at least 1, found "0"$/m,
    ],
    ['too much data', ['note', '--data', '@big'], 1, 'TOO_LARGE', /server takes 1048576/],
    ['no server', ['note', '--server', 'nats://127.0.0.1:1'], 4, 'CANNOT_CONNECT', /127\.0\.0\.1:1/],
    ['a missing config', ['note', '--config', 'none.json'], 2, 'CONFIG_INVALID', /none\.json/],
  ];
  test.each(cases)('%s', async (_what, words, exitCode, code, reason) => {
    const cwd = await pipeline();
    await writeFile(`${cwd}/big`, Buffer.alloc(1_048_577));
    const [human, machine] = await Promise.all([publish(cwd, words), publish(cwd, [...words, '--json'])]);
    expect(human).toMatchObject({ exitCode, stdout: '', stderr: expect.stringMatching(reason) });
    expect(machine.exitCode).toBe(exitCode);
    expect(json(machine)).toMatchObject({ error: { code } });
    expect((await link.streamInfo('events'))?.state.messages).toBe(0);
  });

  test('a missing stream, with the command that makes it', async () => {
    const cwd = await pipeline();
    await link.jsm.streams.delete('events');
    const ended = await publish(cwd, ['note', '--json']);
    expect(ended.exitCode).toBe(1);
    expect(json(ended)).toMatchObject({
      error: { code: 'NO_STREAM', suggestions: ['plutomi-events pipeline apply'] },
    });
  });

  test('a stream that gets full halfway: partly done, and the number that is stored', async () => {
    const cwd = await pipeline();
    await link.jsm.streams.update('events', { max_msgs: 5, discard: DiscardPolicy.New });
    const ended = await publish(cwd, ['note', '--count', '20', '--json']);
    expect(ended.exitCode).toBe(5);
    expect(json(ended)).toMatchObject({
      error: { code: 'PARTLY_PUBLISHED', message: expect.stringContaining('stopped after 5 events') },
    });
  });
});

test('interrupted, publishing many says how many are stored and how to store the others', async () => {
  const { url } = await natsForTest();
  const project = await makeProject(url, { name: 'many', events: { job: {} } }, {});
  await project.cli(['pipeline', 'apply', '--yes']);
  const words = [
    'events',
    'publish',
    'job',
    '--count',
    '5000000',
    '--header',
    'A: b c',
    '--id',
    'load',
    '--json',
  ];
  const child = execa(process.execPath, [bin, ...words], {
    cwd: project.folder,
    env: { NATS_URL: url },
    reject: false,
    stdin: 'ignore',
  });
  const link = await connectTo(url);
  const stored = async (): Promise<number> => (await link.streamInfo('events'))?.state.messages ?? 0;
  await eventually('some are stored', async () => (await stored()) > 1000, 20_000);
  child.kill('SIGINT');
  const { exitCode, stdout, stderr } = await child;
  const { count } = JSON.parse(stdout) as { count: number };
  expect(exitCode).toBe(130);
  expect(await stored()).toBe(count);
  expect(stderr).toContain(`interrupted: ${count} of 5000000 are stored`);
  const next = `plutomi-events events publish job --header 'A: b c' --count 5000000 --id load --json`;
  expect(stderr).toContain(`store the rest, nothing twice: ${next}`);
}, 60_000);

test('a subject in UTF-8 can be published on, filtered by and named in a config', async () => {
  const { url } = await natsForTest();
  const worker = {
    subjects: ['events.order.größe', 'events.*.注文'],
    handler: './worker.mjs',
    attempts: 1,
    retry: false,
  };
  const project = await makeProject(
    url,
    { name: 'utf8', events: { 'order.größe': {} }, consumers: { worker } },
    { 'worker.mjs': "export default async () => { throw new Error('bad'); };\n" },
  );
  const run = project.start(['--apply']);
  await run.until('pipeline runs');
  for (const subject of ['order.größe', 'events.order.größe', 'events.a.注文']) {
    expect(await project.cli(['events', 'publish', subject])).toMatchObject({ exitCode: 0 });
  }
  const list = async (...words: string[]): Promise<number> => {
    const { stdout } = await project.cli(['dlq', 'list', '--json', ...words]);
    return (JSON.parse(stdout) as { total: number }).total;
  };
  await eventually('all are dead', async () => (await list()) === 3, 20_000);
  expect(await list('--subject', 'events.order.größe')).toBe(2);
  expect(await list('--subject', 'events.*.注文')).toBe(1);
  expect(await list('--subject', 'events.order.grösse')).toBe(0);
}, 60_000);

test('an event that is larger than the maxBytes of its type is stored, with a warning on stderr', async () => {
  const cwd = await pipeline();
  const { exitCode, stderr } = await publish(cwd, ['note', '--data', 'x'.repeat(1025), '--count', '2']);
  expect(exitCode).toBe(0);
  expect(
    stderr.match(/Warning: an event of note has 1025 bytes of data, more than its maxBytes \(1KiB\)/g),
  ).toHaveLength(1);
});
