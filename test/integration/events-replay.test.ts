import { setTimeout as sleep } from 'node:timers/promises';
import { DiscardPolicy } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { PlutomiEvent } from '../../src/lib/handlers/contract.js';
import { Reject, Snooze } from '../../src/lib/domain/outcome.js';
import { planEventReplay } from '../../src/lib/events/replay/plan-replay.js';
import { replayEvents } from '../../src/lib/events/replay/replay-events.js';
import type { ReplayEventsOptions } from '../../src/lib/events/replay/replay-options.js';
import type { StoredEvent } from '../../src/lib/events/read/stored-event.js';
import type { Link } from '../../src/lib/nats/link.js';
import { systemClock } from '../../src/lib/flow/clock.js';
import type { StoredMessage } from '../../src/lib/nats/wire/message.js';
import type { Pipeline } from '../../src/lib/pipeline/pipeline.js';
import { readOperations } from '../../src/lib/report/operations-log.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { eventually } from '../support/eventually.js';
import { startNats, type TestServer } from '../support/nats-server.js';
import { connectTo as connectBriefly } from '../support/connect.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { startProxy } from '../support/proxy.js';

const config = makeConfig({
  events: [
    { type: 'user.created', subject: 'events.user.created' },
    { type: 'note', subject: 'events.note' },
  ],
  consumers: [{ name: 'mailer', subjects: ['events.user.>'] }],
});

let nats: TestServer;
let other: TestServer;
beforeAll(async () => {
  [nats, other] = await Promise.all([startNats(), startNats()]);
});
afterAll(() => Promise.all([nats.stop(), other.stop()]));

/** The pipeline with `count` users and a note behind them, and an empty stream `copy` for `copy.>`. */
async function open(count = 5, url = nats.url): Promise<Pipeline> {
  const link = await connectTo(url);
  for (const name of ['events', 'events-operations', 'copy'])
    await link.jsm.streams.delete(name).catch(() => {});
  await applyTopology(link, config);
  await link.jsm.streams.add({ name: 'copy', subjects: ['copy.>', 'one'] });
  const publishing = Array.from({ length: count }, (_, i) => {
    const headers = {
      'Event-Type': 'user.created',
      'Session-Id': ['a', 'b'],
      'Nats-Expected-Stream': 'events',
    };
    return link.publish('events.user.created', `{"n":${i + 1}}`, { headers, msgId: `u-${i + 1}` });
  });
  await Promise.all(publishing);
  await link.publish('events.note', 'not JSON');
  return pipelineOf(link, config);
}

async function stored(link: Link, stream: string): Promise<StoredMessage[]> {
  const found: StoredMessage[] = [];
  for (let seq = 1; ; seq++) {
    const message = await link.readNext(stream, '>', seq);
    if (message === undefined) return found;
    found.push(message);
    ({ seq } = message);
  }
}

const textOf = ({ data }: { readonly data: Uint8Array }): string => Buffer.from(data).toString();

describe('a replay of events', () => {
  test('for a handler: each in its order, as the waterfall would call it, and said to be replayed', async () => {
    const pipeline = await open();
    const seen: unknown[] = [];
    const handler = (
      event: PlutomiEvent,
      context: { readonly consumer: string; readonly attempt: number },
    ): void => {
      const { seq, data, replayed, type } = event;
      seen.push([seq, data, replayed, type, event.headers['Session-Id'], context.consumer, context.attempt]);
    };
    const result = await replayEvents(pipeline, { since: '1h', subjects: ['user.created'], handler });
    expect(result).toMatchObject({
      read: 5,
      written: 5,
      failed: 0,
      firstSeq: 1,
      lastSeq: 5,
      stopped: null,
      problems: [],
    });
    expect(seen).toEqual(
      [1, 2, 3, 4, 5].map((n) => [n, { n }, true, 'user.created', ['a', 'b'], 'events-replay', 1]),
    );
    expect((await pipeline.link.consumerInfo('events', 'mailer'))?.num_pending).toBe(5);
  });

  test('a handler that fails, rejects, snoozes, never ends, or finds no JSON: counted, and the next one is called', async () => {
    const pipeline = await open();
    const handler = ({ seq, data }: PlutomiEvent): unknown => {
      if (seq === 1) throw new TypeError('no such user');
      if (seq === 2) throw new Reject('not for us');
      if (seq === 3) throw new Snooze('1h');
      return seq === 4 ? new Promise(() => {}) : data;
    };
    const result = await replayEvents(pipeline, { all: true, handler, timeoutMs: 50 });
    expect(result).toMatchObject({ read: 6, written: 1, failed: 5, firstSeq: 1, lastSeq: 6 });
    expect(result.problems.map(({ seq, message }) => [seq, message])).toEqual([
      [1, 'TypeError: no such user'],
      [2, 'Reject: not for us'],
      [3, 'Snooze: the handler asked for a later time, and a replay has none'],
      [4, 'Timeout: no result within 50 ms'],
      [6, expect.stringContaining('the payload is not JSON')],
    ]);
  });

  test('to other subjects: bytes and headers as they were, new message ids, none twice under one name', async () => {
    const pipeline = await open();
    const to = { all: true, to: 'events.>=copy.>', name: 'again' } as const;
    const result = await replayEvents(pipeline, to);
    expect(result).toMatchObject({ read: 6, written: 6, failed: 0, duplicates: 0, firstSeq: 1, lastSeq: 6 });
    const copies = await stored(pipeline.link, 'copy');
    expect(copies.map((one) => [one.subject, textOf(one)])).toEqual([
      ...[1, 2, 3, 4, 5].map((n) => ['copy.user.created', `{"n":${n}}`]),
      ['copy.note', 'not JSON'],
    ]);
    expect(copies[0]?.headers).toEqual({
      'Event-Type': ['user.created'],
      'Session-Id': ['a', 'b'],
      'Nats-Msg-Id': ['again-events-1'],
    });
    expect(await replayEvents(pipeline, to)).toMatchObject({ written: 6, duplicates: 6 });
    expect(await replayEvents(pipeline, { ...to, fromSeq: 6, all: false, to: 'one' })).toMatchObject({
      written: 1,
    });
    expect(await stored(pipeline.link, 'copy')).toHaveLength(6);
    const { name: _, ...anew } = to;
    expect(await replayEvents(pipeline, anew)).toMatchObject({ written: 6, duplicates: 0 });
    expect((await readOperations(pipeline)).operations.at(-1)).toMatchObject({
      did: 'replayed events',
      count: 6,
    });
  });

  test('to another server: to the same subjects, with the message ids of before where they are kept', async () => {
    const pipeline = await open();
    const target = await connectTo(other.url);
    await target.jsm.streams.add({ name: 'everything', subjects: ['events.>'] });
    const plan = await planEventReplay(pipeline, { all: true, target, keepIds: true });
    expect(plan).toMatchObject({ events: 6, target: { streams: ['everything'], consumers: [], ids: null } });
    expect(await replayEvents(pipeline, { all: true, target, keepIds: true })).toMatchObject({ written: 6 });
    const copies = await stored(target, 'everything');
    expect(copies.map(({ subject }) => subject)).toEqual([
      ...Array(5).fill('events.user.created'),
      'events.note',
    ]);
    expect(copies.map(({ headers }) => headers['Nats-Msg-Id']?.[0]).slice(0, 5)).toEqual(
      [1, 2, 3, 4, 5].map((n) => `u-${n}`),
    );
    await target.jsm.streams.delete('everything');
  });

  test('to whoever takes them, at their own speed', async () => {
    const pipeline = await open();
    const events: StoredEvent[] = [];
    const onEvents = (some: readonly StoredEvent[]): void => void events.push(...some);
    const options = { fromSeq: 2, subjects: ['events.user.*'], onEvents, speed: 1000 };
    expect(await replayEvents(pipeline, options)).toMatchObject({
      read: 4,
      written: 4,
      firstSeq: 2,
      lastSeq: 5,
    });
    expect(events.map(({ seq, data }) => [seq, data])).toEqual([2, 3, 4, 5].map((n) => [n, { n }]));
  });

  test('keeps the distances at which they were stored, and the rate', async () => {
    const pipeline = await open(0);
    const at = async (ms: number): Promise<void> => {
      const first = await pipeline.link.readLast('events', 'events.note');
      await eventually('time goes on', () => Date.now() * 1e6 > Number(first?.time) + ms * 1e6);
      await pipeline.link.publish('events.note', 'later');
    };
    await at(300);
    const times: number[] = [];
    const handler = (event: PlutomiEvent): void => void times.push(event.text === '' ? 0 : performance.now());
    await replayEvents(pipeline, { all: true, handler, speed: 1 });
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(250);
    times.length = 0;
    await replayEvents(pipeline, { all: true, handler, rate: 4 });
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(200);
  });

  test('until a time: what was stored later is neither counted nor read', async () => {
    const pipeline = await open();
    const until = Math.ceil(Number((await pipeline.link.readLast('events', 'events.note'))?.time) / 1e6);
    await eventually('a later millisecond', () => Date.now() > until);
    await pipeline.link.publish('events.note', 'later');
    await eventually('until is past', () => Date.now() > until + 1);
    const options = { all: true, until, onEvents: () => {} };
    expect(await planEventReplay(pipeline, options)).toMatchObject({
      events: 6,
      until: new Date(until).toISOString(),
    });
    expect(await replayEvents(pipeline, options)).toMatchObject({ read: 6, lastSeq: 6 });
  });

  test('that is stopped says up to where all is done; the rest can follow', async () => {
    const pipeline = await open(50);
    const stop = new AbortController();
    const handler = ({ seq }: PlutomiEvent): void => {
      if (seq === 20) stop.abort();
    };
    const result = await replayEvents(pipeline, { all: true, handler, signal: stop.signal });
    const stopped = { code: 'INTERRUPTED', message: 'interrupted' };
    expect(result).toMatchObject({ read: 20, lastSeq: 20, stopped });
    expect(await replayEvents(pipeline, { fromSeq: 21, handler })).toMatchObject({
      stopped: null,
      read: 31,
      firstSeq: 21,
      lastSeq: 51,
    });
  });
});

describe('a target that fails', () => {
  test('a server that stays away: what was done is said, and nothing is left out', async () => {
    const pipeline = await open(3000);
    const proxy = await startProxy(other.port);
    onTestFinished(() => proxy.close());
    const direct = await connectTo(other.url);
    await direct.jsm.streams.add({ name: 'away', subjects: ['away.>'] });
    const target = await connectTo(proxy.url);
    const stop = new AbortController();
    const options: ReplayEventsOptions = {
      all: true,
      target,
      to: 'events.>=away.>',
      rate: 1000,
      name: 'away',
    };
    const replaying = replayEvents(pipeline, { ...options, signal: stop.signal });
    // No more than 1,000 are in flight: the answers to some of these have come.
    await eventually(
      '1,100 are written',
      async () => ((await direct.streamInfo('away'))?.state.messages ?? 0) >= 1100,
    );
    proxy.close();
    stop.abort();
    const result = await replaying;
    expect(result.read).toBeLessThan(3001);
    const ids = (await stored(direct, 'away')).map(({ headers }) => headers['Nats-Msg-Id']?.[0]);
    const upTo = result.lastSeq ?? 0;
    expect(ids).toEqual(
      expect.arrayContaining(Array.from({ length: upTo }, (_, i) => `away-events-${i + 1}`)),
    );
    const { target: _, ...rest } = options;
    const again = await replayEvents(pipeline, {
      ...rest,
      target: direct,
      rate: 100_000,
      all: false,
      fromSeq: upTo + 1,
    });
    expect(again.lastSeq).toBe(3001);
    expect(await stored(direct, 'away')).toHaveLength(3001);
    await direct.jsm.streams.delete('away');
  }, 60_000);

  test('a server that falls silent: it ends once nothing was taken for 30 s, not before', async () => {
    const away = await natsForTest();
    const direct = await connectTo(away.url);
    await direct.jsm.streams.add({ name: 'away', subjects: ['away.>'] });
    await using target = await connectBriefly(away.url, 'target', 500);
    const { link } = await open(3000);
    let passedMs = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + passedMs };
    const pipeline = pipelineOf(link, config, { clock });
    let hasEnded = false;
    const replaying = replayEvents(pipeline, { all: true, target, to: 'events.>=away.>', rate: 1000 });
    void replaying.then(() => (hasEnded = true));
    await eventually(
      '1,100 are written',
      async () => ((await direct.streamInfo('away'))?.state.messages ?? 0) >= 1100,
    );
    const whenLost = new Promise<void>((resolve) => {
      target.watch((state) => {
        if (state === 'disconnected') resolve();
      });
    });
    await away.pause();
    await whenLost;
    // Time for the first answers to be missing, and then for it to ask again.
    await sleep(2000);
    passedMs = 15_000;
    await sleep(2000);
    expect(hasEnded).toBe(false);
    passedMs = 31_000;
    const result = await replaying;
    expect(result).toMatchObject({ failed: 0, stopped: { code: 'UNREACHABLE' } });
    expect(result.read).toBeLessThan(3001);
    expect(result.written).toBeGreaterThan(0);
    await away.restart();
    const ids = (await stored(await connectTo(away.url), 'away')).map(
      ({ headers }) => headers['Nats-Msg-Id']?.[0],
    );
    expect(ids.length).toBeGreaterThanOrEqual(result.lastSeq ?? 0);
  }, 60_000);

  test('a stream that is full stops it; an event that is too large is counted', async () => {
    const pipeline = await open(5);
    await pipeline.link.jsm.streams.update('copy', { max_msgs: 3, discard: DiscardPolicy.New });
    const result = await replayEvents(pipeline, { all: true, to: 'events.>=copy.>' });
    expect(result).toMatchObject({ written: 3, lastSeq: 3, stopped: { code: 'STORE_FULL' } });
    await expect(replayEvents(pipeline, { all: true, to: 'events.>=copy.>' })).rejects.toMatchObject({
      code: 'STORE_FULL',
    });
    await pipeline.link.jsm.streams.update('copy', {
      max_msgs: -1,
      max_msg_size: 200,
      discard: DiscardPolicy.Old,
    });
    await pipeline.link.publish('events.note', 'x'.repeat(500));
    const large = await replayEvents(pipeline, { fromSeq: 5, to: 'events.>=copy.>' });
    expect(large).toMatchObject({ read: 3, written: 2, failed: 1, lastSeq: 7, stopped: null });
    expect(large.problems).toEqual([expect.objectContaining({ seq: 7, count: 1 })]);
  });
});

describe('a plan', () => {
  test('names the consumers that will be given the events, here and on another server', async () => {
    const pipeline = await open();
    expect((await planEventReplay(pipeline, { all: true, to: 'events.>=events.>' })).target).toMatchObject({
      consumers: ['mailer'],
      streams: ['events'],
    });
    expect((await planEventReplay(pipeline, { all: true, to: 'events.load' })).target?.consumers).toEqual([]);
    const target = await connectTo(other.url);
    await target.jsm.streams.add({ name: 'theirs', subjects: ['events.>'] });
    await target.jsm.consumers.add('theirs', { durable_name: 'reader', filter_subject: 'events.user.>' });
    await target.jsm.consumers.add('theirs', { durable_name: 'elsewhere', filter_subject: 'events.x.>' });
    const { target: found } = await planEventReplay(pipeline, {
      all: true,
      target,
      to: 'events.user.created',
    });
    expect(found).toMatchObject({ consumers: ['reader'] });
    await target.jsm.streams.delete('theirs');
  });

  test.each<[ReplayEventsOptions, string, string]>([
    [{ all: true }, 'USAGE', 'one thing to do'],
    [{ all: true, to: 'copy.x', handler: () => {} }, 'USAGE', 'one thing to do'],
    [{ to: 'copy.x' }, 'USAGE', 'where to begin'],
    [{ all: true, fromSeq: 1, to: 'copy.x' }, 'USAGE', 'one start'],
    [{ since: '2 moons', to: 'copy.x' }, 'USAGE', '2 moons'],
    [{ since: '2999-01-01', to: 'copy.x' }, 'USAGE', 'nothing is stored yet'],
    [{ since: '1h', until: '2h', to: 'copy.x' }, 'USAGE', 'nothing can be read'],
    [{ fromSeq: 100, to: 'copy.x' }, 'USAGE', 'ends at 6: expected a sequence up to that, found 100'],
    [{ all: true, subjects: ['other.x'], to: 'copy.x' }, 'UNKNOWN_SUBJECT', 'other.x'],
    [{ all: true, subjects: ['user.creatd'], to: 'copy.x' }, 'UNKNOWN_SUBJECT', 'user.creatd'],
    [{ all: true, to: 'copy.>' }, 'BAD_MAPPING', 'it has a wildcard'],
    [{ all: true, to: 'events.*=copy.>' }, 'BAD_MAPPING', 'does not have'],
    [
      { all: true, subjects: ['note'], to: 'events.user.*=copy.*' },
      'BAD_MAPPING',
      'events.note is not all in it',
    ],
    [{ all: true, to: 'nowhere.x' }, 'NO_STREAM', 'no stream on'],
    [{ all: true, to: 'events.>=events-dlq.>' }, 'OWN_SUBJECT', 'events-dlq.>'],
    [{ all: true, to: '$JS.API.STREAM.DELETE.events' }, 'OWN_SUBJECT', '$JS.>'],
    [{ all: true, to: 'copy.x', rate: 0 }, 'USAGE', 'rate above 0'],
    [{ all: true, to: 'copy.x', speed: 0 }, 'USAGE', 'speed above 0'],
    [{ all: true, handler: () => {}, timeoutMs: 0 }, 'USAGE', 'timeout above 0'],
    [{ all: true, to: 'copy.x', name: 'a b' }, 'USAGE', 'name of the replay'],
  ])('%j is refused, and nothing is written', async (options, code, part) => {
    const pipeline = await open();
    const message = expect.stringContaining(part) as string;
    await expect(planEventReplay(pipeline, options)).rejects.toMatchObject({ code, message });
    await expect(replayEvents(pipeline, options)).rejects.toMatchObject({ code, message });
    expect(await stored(pipeline.link, 'copy')).toEqual([]);
  });

  test('a target that is the source is refused', async () => {
    const pipeline = await open();
    const target = await connectTo(nats.url);
    await expect(planEventReplay(pipeline, { all: true, target })).rejects.toMatchObject({
      code: 'TARGET_IS_SOURCE',
    });
  });
});
