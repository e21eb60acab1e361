import { DiscardPolicy } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { loadEvents } from '../../src/lib/events/load/load.js';
import type { EventLoadOptions, Latencies, LoadSoFar } from '../../src/lib/events/load/load-options.js';
import { planLoad } from '../../src/lib/events/load/plan-load.js';
import type { Pipeline } from '../../src/lib/pipeline/pipeline.js';
import { readOperations } from '../../src/lib/report/operations-log.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { eventually } from '../support/eventually.js';
import { startNats, type TestServer } from '../support/nats-server.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { startProxy } from '../support/proxy.js';

const schema = z.object({ email: z.email() });
const config = makeConfig({
  events: [
    { type: 'totp.requested', subject: 'events.totp.requested', schema },
    { type: 'note', subject: 'events.note' },
  ],
  consumers: [{ name: 'mailer', subjects: ['events.totp.requested'] }],
});

let nats: TestServer;
beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());

/** The streams of the config, empty, on the shared server or on another. */
async function open(url = nats.url): Promise<Pipeline> {
  const link = await connectTo(url);
  if (url === nats.url)
    for (const name of ['events', 'events-operations']) await link.jsm.streams.delete(name).catch(() => {});
  await applyTopology(link, config);
  return pipelineOf(link, config);
}

const stored = async ({ link }: Pipeline): Promise<number> =>
  (await link.streamInfo('events'))?.state.messages ?? 0;

const short: EventLoadOptions = { rate: 200, durationMs: 500 };

describe('a load', () => {
  test('at a steady rate sends what the rate makes, each once, and measures each', async () => {
    const pipeline = await open();
    const progress: number[] = [];
    const load = await loadEvents(pipeline, { ...short, onProgress: ({ sent }) => progress.push(sent) });
    expect(load).toMatchObject({ sent: 100, stored: 100, duplicates: 0, errors: 0, problems: [] });
    expect(load.seconds).toBeGreaterThanOrEqual(0.5);
    expect(load.rate).toBeCloseTo(100 / load.seconds, 0);
    const { p50, p90, p99, max } = load.publishMs as Latencies;
    expect([p50, p90, p99, max].toSorted((a, b) => a - b)).toEqual([p50, p90, p99, max]);
    expect(p50).toBeGreaterThan(0);
    expect(load.endToEndMs).toBeNull();
    expect(progress.length).toBeGreaterThan(0);
    expect(await stored(pipeline)).toBe(100);
    const last = await pipeline.link.readFromLeader('events', 100);
    expect(last).toMatchObject({ subject: 'events.load', headers: { 'Event-Type': ['load'] } });
    expect(last?.data).toHaveLength(128);
  });

  test('of a type fills its data in anew for each event, and names the consumers that will have them', async () => {
    const pipeline = await open();
    const options = { ...short, type: 'totp.requested', data: '{"email":"user{{n}}@example.com"}' };
    expect(await planLoad(pipeline, options)).toMatchObject({
      subject: 'events.totp.requested',
      rate: 200,
      durationMs: 500,
      events: 100,
      bytes: 29,
      consumers: ['mailer'],
    });
    expect(await loadEvents(pipeline, options)).toMatchObject({ sent: 100, stored: 100, errors: 0 });
    const texts = new Set<string>();
    for (let seq = 1; seq <= 100; seq++)
      texts.add(Buffer.from((await pipeline.link.readFromLeader('events', seq))?.data ?? []).toString());
    expect(texts).toEqual(
      new Set(Array.from({ length: 100 }, (_, i) => `{"email":"user${i + 1}@example.com"}`)),
    );
  });

  test('as fast as it can, over several connections', async () => {
    const proxy = await startProxy(nats.port);
    onTestFinished(() => proxy.close());
    await open();
    const pipeline = pipelineOf(await connectTo(proxy.url), config);
    let connections = 0;
    const load = await loadEvents(pipeline, {
      rate: 'max',
      durationMs: 300,
      publishers: 3,
      sizeBytes: 10,
      onProgress: () => (connections = Math.max(connections, proxy.connections)),
    });
    expect(connections).toBe(3);
    expect(load).toMatchObject({ errors: 0, duplicates: 0, limit: 'none', sent: load.stored });
    expect(load.sent).toBeGreaterThan(1000);
    expect(await stored(pipeline)).toBe(load.stored);
    expect((await pipeline.link.readFromLeader('events', 1))?.data).toHaveLength(10);
  });

  test('measures until each event has arrived here', async () => {
    const pipeline = await open();
    const other = { rate: 100, durationMs: 400, type: 'note' };
    const [load] = await Promise.all([
      loadEvents(pipeline, { ...short, type: 'note', endToEnd: true }),
      loadEvents(pipeline, other),
    ]);
    expect(load).toMatchObject({ stored: 100, received: 100 });
    expect(load.endToEndMs?.max).toBeGreaterThan(0);
  });

  test('that is stopped counts what was sent by then', async () => {
    const pipeline = await open();
    const stop = new AbortController();
    const onProgress = ({ sent }: { readonly sent: number }): void => {
      if (sent > 20) stop.abort();
    };
    const load = await loadEvents(pipeline, {
      rate: 500,
      durationMs: 600_000,
      signal: stop.signal,
      onProgress,
    });
    expect(load).toMatchObject({ errors: 0, sent: load.stored });
    expect(await stored(pipeline)).toBe(load.stored);
    expect(load.seconds).toBeLessThan(600);
    const none = await loadEvents(pipeline, {
      rate: 'max',
      durationMs: 600_000,
      signal: AbortSignal.abort(),
    });
    expect(none).toMatchObject({ sent: 0, publishMs: null });
  });

  test('stands in the log of operations, with how many are stored; without that stream its caller is told', async () => {
    const pipeline = await open();
    await loadEvents(pipeline, { ...short, type: 'totp.requested', data: '{"email":"a@example.com"}' });
    expect((await readOperations(pipeline)).operations.at(-1)).toMatchObject({
      did: 'loaded',
      operator: pipeline.identity.operator,
      count: 100,
      consumers: [{ name: 'mailer', count: null }],
      note: 'events.totp.requested, 200/s for 500ms',
    });
    await pipeline.link.jsm.streams.delete('events-operations');
    const unlogged: string[] = [];
    const load = await loadEvents(pipeline, { ...short, onUnlogged: (reason) => unlogged.push(reason) });
    expect(load.stored).toBe(100);
    expect(unlogged).toEqual([expect.stringContaining('events-operations')]);
  });
});

describe('when something fails', () => {
  test('a server that goes away: counted, and no crash', async () => {
    const own = await natsForTest();
    const pipeline = pipelineOf(await connectTo(own.url, {}), config);
    await applyTopology(pipeline.link, config);
    let killed: Promise<void> | undefined;
    const onProgress = ({ sent }: { readonly sent: number }): void => {
      if (sent > 20) killed ??= own.kill9();
    };
    const load = await loadEvents(pipeline, { rate: 100, durationMs: 2000, onProgress });
    await killed;
    expect(load.errors).toBeGreaterThan(0);
    expect(load.stored).toBeGreaterThan(0);
    expect(load.sent).toBe(load.stored + load.errors);
    expect(load.problems).toEqual([expect.objectContaining({ code: 'UNREACHABLE', count: load.errors })]);
  }, 30_000);

  test('answers that get lost: the events are stored once, and the ones asked for again are told', async () => {
    const own = await natsForTest();
    await open(own.url);
    const proxy = await startProxy(own.port);
    onTestFinished(() => proxy.close());
    const pipeline = pipelineOf(await connectTo(proxy.url), config);
    const onProgress = vi.fn<(soFar: LoadSoFar) => void>();
    const loading = loadEvents(pipeline, { rate: 200, durationMs: 3000, onProgress });
    await eventually('it has begun', () => onProgress.mock.calls.length > 1);
    proxy.swallowAnswers();
    const direct = pipelineOf(await connectTo(own.url), config);
    const before = await stored(direct);
    await eventually('some are stored, unheard', async () => (await stored(direct)) > before + 20);
    proxy.cut();
    const load = await loading;
    expect(load.errors).toBe(0);
    expect(load.sent).toBe(load.stored);
    expect(load.duplicates).toBeGreaterThan(0);
    expect(await stored(pipeline)).toBe(load.stored);
  }, 30_000);

  test('a stream that gets full: counted, with the reason', async () => {
    const pipeline = await open();
    await pipeline.link.jsm.streams.update('events', { max_msgs: 30, discard: DiscardPolicy.New });
    const load = await loadEvents(pipeline, short);
    expect(load).toMatchObject({ sent: 100, stored: 30, errors: 70 });
    expect(load.problems).toEqual([expect.objectContaining({ code: 'STORE_FULL', count: 70 })]);
  });

  test('what refuses the first event for good ends it', async () => {
    const pipeline = await open();
    await expect(
      loadEvents(pipeline, { ...short, durationMs: 600_000, sizeBytes: 2_000_000 }),
    ).rejects.toMatchObject({
      code: 'TOO_LARGE',
    });
    await pipeline.link.jsm.streams.delete('events');
    await expect(loadEvents(pipeline, { ...short, durationMs: 600_000 })).rejects.toMatchObject({
      code: 'NO_STREAM',
    });
  });

  test.each<[EventLoadOptions, string, string]>([
    [{ type: 'totp.requested' }, 'DATA_NEEDED', 'totp.requested has a schema'],
    [{ type: 'totp.requested', data: '{"email":"x{{n}}"}' }, 'SCHEMA_VIOLATION', 'email'],
    [{ type: 'totp.requsted' }, 'UNKNOWN_EVENT_TYPE', 'totp.requsted'],
    [{ type: 'other.place' }, 'UNKNOWN_EVENT_TYPE', 'other.place'],
    [{ data: '{{n' }, 'BAD_TEMPLATE', '{{n'],
    [{ rate: 0 }, 'USAGE', 'rate above 0'],
    [{ rate: Number.NaN }, 'USAGE', 'rate above 0'],
    [{ durationMs: 0 }, 'USAGE', 'duration above 0'],
    [{ publishers: 0 }, 'USAGE', '1 to 64 publishers'],
  ])('%j is refused before anything is sent', async (options, code, part) => {
    const pipeline = await open();
    await expect(loadEvents(pipeline, { ...short, ...options })).rejects.toMatchObject({
      code,
      exitCode: 2,
      message: expect.stringContaining(part),
    });
    expect(await stored(pipeline)).toBe(0);
  });

  test('a stream that stores only its own types has no place for events of none', async () => {
    const pipeline = await open();
    const narrow = {
      ...config,
      streams: { ...config.streams, events: { ...config.streams.events, subjects: ['events.note'] } },
    };
    await expect(planLoad({ ...pipeline, config: narrow }, {})).rejects.toMatchObject({
      code: 'UNKNOWN_EVENT_TYPE',
      suggestions: ['--type totp.requested', '--type note'],
    });
  });
});
