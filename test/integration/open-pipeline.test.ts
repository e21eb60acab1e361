import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { UserConfig } from '../../src/lib/config/schema/user-config.js';
import { ClosedError } from '../../src/lib/nats/errors.js';
import { openPipeline } from '../../src/lib/open/open-pipeline.js';
import { eventually } from '../support/eventually.js';
import { latch } from '../support/latch.js';
import { natsForTest } from '../support/pipeline.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const config: UserConfig = {
  name: 'opened',
  events: { 'totp.requested': {} },
  consumers: {
    'notifications-consumer': {
      events: ['totp.requested'],
      handler: './handler.mjs',
      attempts: 1,
      retry: false,
    },
  },
};
const broken = "export default async () => { throw new Error('down') };\n";

/** A folder with the handler, and the server that its `.env` names. */
async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const cwd = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(cwd, name), text);
  return cwd;
}

test('a config given as a value runs, its dead letters are listed, replayed and discarded, and closing stops it', async () => {
  const server = await natsForTest();
  const cwd = await folderWith({ 'handler.mjs': broken });
  const opened = await openPipeline({
    config,
    cwd,
    server: server.url,
    identity: { operator: 'ada@desk' },
  });
  onTestFinished(() => opened.close());
  const { deadLetters, link } = opened;
  const running = await opened.run({ apply: true });
  const died: string[] = [];
  running.subscribe(({ id }) => void died.push(id), { types: ['dead-letter'] });

  await opened.publish('totp.requested', { n: 1 });
  await opened.publishMany([{ type: 'totp.requested', data: { n: 2 } }]);
  await eventually('both are dead', () => died.length === 2, 20_000);
  expect(await deadLetters.groups()).toMatchObject({ total: 2, groups: [{ count: 2, key: 'down' }] });
  expect((await deadLetters.list({}, 1)).items.map(({ id }) => id)).toEqual(['notifications-consumer/1']);

  const id = 'notifications-consumer/2';
  expect(await deadLetters.discard({ ids: [id] }, { note: 'sent by hand' })).toMatchObject({ discarded: 1 });
  expect(await opened.explain(id)).toMatchObject({ consumers: [{ state: 'discarded' }] });
  const replayed = await deadLetters.replay({ ids: ['notifications-consumer/1'] }, { waitMs: 20_000 });
  expect(replayed).toMatchObject({ task: expect.stringMatching(/^replay-/), replayed: 1, deadAgain: 1 });
  const { history } = await deadLetters.show('notifications-consumer/1');
  expect(history).toContainEqual(expect.objectContaining({ kind: 'REPLAYED', operator: 'ada@desk' }));

  await opened.close();
  await expect(running.ended).resolves.toBeUndefined();
  expect(link.connected).toBe(false);
});

test('config and server are found as in that folder, and `await using` closes the connection', async () => {
  const server = await natsForTest();
  const cwd = await folderWith({
    'plutomi-events.config.json': JSON.stringify(config),
    'handler.mjs': broken,
    '.env': `NATS_URL=${server.url}\n`,
  });
  let link: { readonly connected: boolean } | undefined;
  {
    await using opened = await openPipeline({ cwd });
    ({ link } = opened);
    expect([opened.config.name, opened.link.server]).toEqual(['opened', new URL(server.url).host]);
    expect(opened.link.connected).toBe(true);
    await expect(opened.run()).rejects.toMatchObject({ code: 'NOT_APPLIED' });
    await expect(opened.run({ only: ['notification-consumer'] })).rejects.toMatchObject({ exitCode: 2 });
  }
  expect(link?.connected).toBe(false);
});

test('all that is wrong with a config is said at once, before anything connects', async () => {
  const wrong = { name: 'a b', consumers: { c: { events: ['nope'] } } } as unknown as UserConfig;
  const opening = openPipeline({ config: wrong, server: 'nats://127.0.0.1:1' });
  await expect(opening).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(/^the config has 3 problems:\n[^]*\n {2}consumers\.c/),
  });
  await expect(openPipeline({ cwd: await temporaryFolder() })).rejects.toMatchObject({ exitCode: 2 });
});

test.each([
  [{ server: 'nats://127.0.0.1:1' }, "can't connect to nats://127.0.0.1:1 (from the option server): "],
  [{ server: 'http://127.0.0.1:1' }, 'the option server: expected a server like nats://host:4222, '],
  [{ tlsCa: 'none.pem' }, "the option tlsCa: can't read none.pem: "],
  [{ creds: 'none.creds', token: 't' }, 'the option creds and the option token exclude each other'],
  [{ password: 'p' }, 'the option password is given without a user'],
  [{ jsDomain: 'a b' }, 'the option jsDomain: expected a name'],
])('an error names the option that was given, and no flag: %o', async (options, message) => {
  await expect(openPipeline({ config: { name: 'opened' }, ...options })).rejects.toThrow(message);
});

test('without a config, it is read from the server: all works but handlers', async () => {
  const server = await natsForTest();
  const cwd = await folderWith({ 'handler.mjs': broken });
  await using maker = await openPipeline({ config, cwd, server: server.url });
  const running = await maker.run({ apply: true });
  await maker.publish('totp.requested', {});
  await eventually('it is dead', async () => (await maker.deadLetters.list()).total === 1, 20_000);
  await running.stop(1000);

  const away = { cwd: await folderWith({}), server: server.url };
  await using opened = await openPipeline({ ...away, pipeline: 'opened' });
  expect(opened.config).toMatchObject({ name: 'opened', applied: { file: 'plutomi-events.config.js' } });
  expect(await opened.deadLetters.replay({ ids: ['notifications-consumer/1'] })).toMatchObject({
    replayed: 1,
  });
  expect(await opened.publish('totp.requested', {})).toMatchObject({ seq: 2 });
  await expect(opened.run()).rejects.toMatchObject({ code: 'NO_HANDLERS', exitCode: 2 });
  await expect(openPipeline({ ...away, pipeline: 'other' })).rejects.toMatchObject({
    code: 'UNKNOWN_PIPELINE',
  });
  await expect(openPipeline({ ...away, config, pipeline: 'other' })).rejects.toMatchObject({
    code: 'OTHER_PIPELINE',
  });
});

test('a closed pipeline refuses all at once, and says that it is closed', async () => {
  const server = await natsForTest();
  const cwd = await folderWith({ 'handler.mjs': broken });
  const opened = await openPipeline({ config, cwd, server: server.url });
  await (await opened.run({ apply: true })).stop(1000);
  await opened.close();

  const { deadLetters } = opened;
  const ids = ['notifications-consumer/1'];
  const refused: Readonly<Record<string, () => Promise<unknown>>> = {
    publish: () => opened.publish('totp.requested', {}),
    publishMany: () => opened.publishMany([{ type: 'totp.requested', data: {} }]),
    events: () => opened.events({ since: '1h' }).next(),
    hear: () => opened.hear().next(),
    subscribe: () => opened.subscribe({ subjects: ['totp.requested'], handler: () => {} }),
    replayEvents: () => opened.replayEvents({ all: true, to: 'events.totp.requested' }),
    loadEvents: () => opened.loadEvents({ durationMs: 100 }),
    run: () => opened.run(),
    explain: () => opened.explain('1'),
    verify: () => opened.verify(),
    status: () => opened.status(),
    health: () => opened.health(),
    metrics: () => opened.metrics(),
    operations: () => opened.operations(),
    list: () => deadLetters.list(),
    groups: () => deadLetters.groups(),
    show: () => deadLetters.show('notifications-consumer/1'),
    replay: () => deadLetters.replay({ ids }),
    discard: () => deadLetters.discard({ ids }, { note: 'x' }),
  };
  const start = performance.now();
  for (const [name, call] of Object.entries(refused)) {
    const error: unknown = await call().catch((thrown: unknown) => thrown);
    expect([name, error]).toEqual([name, expect.any(ClosedError)]);
    expect(error).toMatchObject({
      code: 'CLOSED',
      message: expect.stringContaining('the pipeline is closed'),
    });
  }
  expect(performance.now() - start).toBeLessThan(2000);
});

test('what was sent before the close, and not answered, may be stored', async () => {
  const server = await natsForTest();
  const options = { config, cwd: await folderWith({ 'handler.mjs': broken }), server: server.url };
  {
    await using maker = await openPipeline(options);
    await maker.run({ apply: true });
  }
  const opened = await openPipeline(options);
  process.kill(server.pid, 'SIGSTOP');
  onTestFinished(() => void process.kill(server.pid, 'SIGCONT'));
  const published = opened.publish('totp.requested', {});
  await opened.close();
  await expect(published).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message: expect.stringMatching(
      /the connection broke before the answer came \(one try\); the event may be stored/,
    ),
  });
});

test('what runs idle is closed in time although the server has fallen silent', async () => {
  const server = await natsForTest();
  const options = { config, cwd: await folderWith({ 'handler.mjs': broken }), server: server.url };
  const opened = await openPipeline({ ...options, timeoutMs: 500 });
  await opened.run({ apply: true });
  await opened.subscribe({ subjects: ['totp.requested'], handler: () => {} });
  process.kill(server.pid, 'SIGSTOP');
  onTestFinished(() => void process.kill(server.pid, 'SIGCONT'));
  // Nothing is in hand: there is nothing that the 25 s of a drain are for.
  await opened.close();
}, 15_000);

test('what a program in JavaScript may give in place of an option is an error that says what was expected', async () => {
  const server = await natsForTest();
  const cwd = await folderWith({ 'handler.mjs': broken });
  const opened = await openPipeline({ config, cwd, server: server.url });
  onTestFinished(() => opened.close());
  await (await opened.run({ apply: true })).stop(0);
  const given = (value: unknown): never => value as never;
  const first = (reading: AsyncIterable<unknown>): Promise<unknown> =>
    (async () => {
      for await (const one of reading) return one;
      return 'nothing';
    })();
  const wrong: [string, () => Promise<unknown>][] = [
    ['count: expected a whole number of at least 1, found -1', () => first(opened.events({ count: -1 }))],
    ['count: expected a whole number of at least 1, found 1.5', () => first(opened.hear({ count: 1.5 }))],
    [
      'count: expected a whole number of at least 1, found NaN',
      () => first(opened.events({ group: 'some', count: Number.NaN })),
    ],
    [
      'subjects: expected a list of texts, found "totp.requested"',
      () => first(opened.events({ subjects: given('totp.requested') })),
    ],
    [
      'subjects: expected a list of texts, found "totp.requested"',
      () => first(opened.events({ group: 'some', subjects: given('totp.requested') })),
    ],
    ['subjects: expected a list of texts, found 1', () => first(opened.hear({ subjects: given([1]) }))],
    [
      'subjects: expected a list of texts, found an object',
      () => opened.subscribe({ subjects: given({}), handler: () => {} }),
    ],
    ['handler: expected a function, found "./h.mjs"', () => opened.subscribe({ handler: given('./h.mjs') })],
    [
      'handler: expected a function, found "./h.mjs"',
      () => opened.replayEvents({ all: true, handler: given('./h.mjs') }),
    ],
    [
      'subjects: expected a list of texts, found ""',
      () => opened.replayEvents({ all: true, subjects: given(''), handler: () => {} }),
    ],
    ['since: expected a duration like 2h', () => first(opened.events({ since: given(null) }))],
    ['overMs: expected 1 to 2073600000 ms, found -5', () => opened.metrics({ overMs: -5 })],
    ['overMs: expected 1 to 2073600000 ms, found NaN', () => opened.metrics({ overMs: Number.NaN })],
    ['limit: expected a whole number of at least 1, found 0', () => opened.operations({ limit: 0 })],
    [
      'kinds: expected a list of texts, found "SNOOZED"',
      () => first(opened.advisories({ kinds: given('SNOOZED') })),
    ],
    [
      'sinceMs: expected milliseconds since 1970, found "1h"',
      () => first(opened.advisories({ sinceMs: given('1h') })),
    ],
    ['filters: expected an object, found "c"', () => opened.deadLetters.list(given('c'))],
    [
      'filters: expected selection, consumer, subject, status, reason, minCycle, maxCycle, sinceMs, untilMs, found "consumr"',
      () => opened.deadLetters.list(given({ consumr: 'mail' })),
    ],
    [
      'selection: expected terms as text, or what parseSelection gives, found 5',
      () => opened.deadLetters.list({ selection: given(5) }),
    ],
    [
      'sinceMs: expected milliseconds since 1970, found "1h"',
      () => opened.deadLetters.list({ sinceMs: given('1h') }),
    ],
    [
      'ids: expected a list of texts, found "c/1"',
      () => opened.deadLetters.discard({ ids: given('c/1') }, { note: 'x' }),
    ],
    ['selection: expected an object, found "c/1"', () => opened.deadLetters.replay(given('c/1'))],
    ['filters: expected an object, found null', () => opened.deadLetters.replay(given({}))],
    ['only: expected a list of texts, found "c"', () => opened.run({ only: given('c') })],
    [
      'headers: expected an object, found "x"',
      () => opened.publish('totp.requested', {}, { headers: given('x') }),
    ],
    [
      'to: expected a subject, or <from>=<to>, found 5',
      () => opened.replayEvents({ all: true, to: given(5) }),
    ],
    ['type: expected an event type or a subject, found undefined', () => opened.publish(given(undefined))],
    ['events: expected a list of events, found an object', () => opened.publishMany(given({}))],
    ['event: expected its sequence or id, as text, found 1', () => opened.explain(given(1))],
  ];
  for (const [message, call] of wrong)
    expect(
      await call().then(
        (value) => value,
        (error: unknown) => error,
      ),
    ).toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining(message),
    });
});

test.each<[string, unknown, string]>([
  ['an object', { './handler.mjs': () => {} }, 'expected a Map of functions'],
  [
    'a map of no functions',
    new Map([['/handler.mjs', 5]]),
    'handlers: /handler.mjs: expected a function, found 5',
  ],
  ['a map without it', new Map(), 'no handler was loaded from'],
])('handlers that are %s are refused as what was given', async (_what, handlers, message) => {
  const server = await natsForTest();
  const cwd = await folderWith({ 'handler.mjs': broken });
  const opened = await openPipeline({ config, cwd, server: server.url });
  onTestFinished(() => opened.close());
  const run = opened.run({ apply: true, handlers: handlers as Map<string, () => void> });
  await expect(run).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) });
});

test('times that no timer can wait are refused, and Infinity is as long as it takes', async () => {
  const server = await natsForTest();
  const cwd = await folderWith({ 'handler.mjs': broken });
  const tooLong = 2 ** 40;
  const refused = { code: 'USAGE', message: expect.stringContaining('2073600000 ms') };
  const place = { config, cwd, server: server.url };
  await expect(openPipeline({ ...place, timeoutMs: tooLong })).rejects.toMatchObject(refused);
  await expect(openPipeline({ ...place, timeoutMs: -1 })).rejects.toMatchObject(refused);
  const opened = await openPipeline({ ...place, timeoutMs: Number.POSITIVE_INFINITY });
  onTestFinished(() => opened.close());
  const handling = latch();
  const finish = latch();
  const handler = async (): Promise<void> => {
    handling.open();
    await finish.opened;
  };
  const handlers = new Map([[path.join(cwd, 'handler.mjs'), handler]]);
  const running = await opened.run({ apply: true, handlers });
  const { seq } = await opened.publish('totp.requested', {});
  await handling.opened;
  await expect(running.stop(tooLong)).rejects.toMatchObject(refused);
  const stopped = running.stop(Number.POSITIVE_INFINITY);
  const subscription = await opened.subscribe({ handler: () => {} });
  await expect(subscription.close(tooLong)).rejects.toMatchObject(refused);
  await expect(opened.subscribe({ handler: () => {}, ackWaitMs: tooLong })).rejects.toMatchObject(refused);
  const replay = { fromSeq: seq, handler: () => {} };
  await expect(opened.replayEvents({ ...replay, timeoutMs: tooLong })).rejects.toMatchObject(refused);
  const replayed = opened.replayEvents({ ...replay, timeoutMs: Number.POSITIVE_INFINITY });
  expect(await replayed).toMatchObject({ read: 1, failed: 0 });
  finish.open();
  expect(await stopped).toEqual({ unfinished: 0 });
});
