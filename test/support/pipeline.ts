import { placesOf } from '../../src/lib/pipeline/places.js';
import { systemClock } from '../../src/lib/flow/clock.js';
import { pipelineOf } from './pipeline-of.js';
import { onTestFinished } from 'vitest';
import type { PipelineConfig } from '../../src/lib/config/resolved.js';
import type { StoredRecord } from '../../src/lib/domain/attempt.js';
import type { Handler } from '../../src/lib/handlers/contract.js';
import type { ConnectOptions } from '../../src/lib/nats/connect/connect.js';
import type { Link } from '../../src/lib/nats/link.js';
import type { StoredMessage } from '../../src/lib/nats/wire/message.js';
import type { Pointer } from '../../src/lib/domain/pointer.js';
import { attemptOf, errorOf, type JournalRecord, type RecordOf } from '../../src/lib/domain/record.js';
import { decodeRecord } from '../../src/lib/domain/record-decode.js';
import type { RecordKind } from '../../src/lib/domain/record-kinds.js';
import { lastPointer, readPointer } from '../../src/lib/pointers/write-pointer.js';
import { silentLogger } from '../../src/lib/observe/log.js';
import type { WaterfallEvent } from '../../src/lib/observe/waterfall-event.js';
import { runPipeline } from '../../src/lib/waterfall/run.js';
import type { PipelineParts } from '../../src/lib/pipeline/pipeline.js';
import type { RunningPipeline } from '../../src/lib/waterfall/running-pipeline.js';
import { connectTo as openLink } from './connect.js';
import { applyTopology, type ConfigOverrides, makeConfig } from './config.js';
import { startNats, type TestServer, type TestServerOptions } from './nats-server.js';
import { eventually } from './eventually.js';

/** Connects to a test server; closed when the test ends. */
export async function connectTo(url: string, options?: ConnectOptions): Promise<Link> {
  const link = await openLink(url, undefined, undefined, options);
  onTestFinished(() => link.close());
  return link;
}

/** A nats-server of its own, disposed when the test ends. */
export async function natsForTest(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startNats(options);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

export interface TestBed {
  readonly server: TestServer;
  readonly link: Link;
  readonly config: PipelineConfig;
  publish(type: string, data?: unknown, msgId?: string): Promise<number>;
  /** Runs the pipeline in this process over a connection of its own; stopped when the test ends. */
  run(
    handlers: Readonly<Record<string, Handler>>,
    only?: readonly string[],
    parts?: Partial<PipelineParts>,
  ): Promise<TestRun>;
  /** The same by another version of the config. */
  runWith(
    config: PipelineConfig,
    handlers: Readonly<Record<string, Handler>>,
    only?: readonly string[],
  ): Promise<TestRun>;
  dead(
    consumer: string,
    seq: number,
  ): Promise<{ readonly pointer: Pointer; readonly message: StoredMessage } | undefined>;
  parked(consumer: string, seq: number): Promise<Pointer | undefined>;
  /** The journal, in order; only records of these kinds, where given. */
  journal<K extends RecordKind = RecordKind>(...kinds: readonly K[]): Promise<StoredRecord<RecordOf<K>>[]>;
  /** Nothing is pending or unacknowledged on any of the pipeline's consumers. */
  quiet(): Promise<void>;
}

export interface TestRun {
  readonly pipeline: RunningPipeline;
  readonly events: readonly WaterfallEvent[];
  /** How often the business tier told this. */
  count(type: WaterfallEvent['type']): number;
  /** Resolves when `test` holds of the events so far. */
  until(test: (events: readonly WaterfallEvent[]) => boolean, what?: string): Promise<void>;
  stop(drainTimeoutMs?: number): Promise<void>;
}

/** A server with the topology of a config applied. */
export async function testBed(
  overrides: ConfigOverrides = {},
  options: TestServerOptions = {},
): Promise<TestBed> {
  const server = await natsForTest(options);
  const config = makeConfig(overrides);
  const link = await connectTo(server.url);
  await applyTopology(link, config);
  const dead: TestBed['dead'] = async (consumer, seq) => {
    const message = await lastPointer(link, placesOf(config).dlq, consumer, seq);
    const pointer = message && readPointer(message);
    return message && pointer ? { pointer, message } : undefined;
  };
  return {
    server,
    link,
    config,
    dead,
    publish: async (type, data = {}, msgId) => {
      const payload = data instanceof Uint8Array ? data : JSON.stringify(data);
      const ack = await link.publish(
        `${config.eventsRoot}.${type}`,
        payload,
        msgId === undefined ? {} : { msgId },
      );
      return ack.seq;
    },
    run: (handlers, only, parts) => runFor(server, config, handlers, only, parts),
    runWith: (other, handlers, only) => runFor(server, other, handlers, only),
    parked: async (consumer, seq) => {
      const message = await lastPointer(link, placesOf(config).retry, consumer, seq);
      return message && readPointer(message);
    },
    journal: (...kinds) => readJournal(link, config, ...kinds),
    quiet: () => eventually('the pipeline is quiet', () => isQuiet(link, config), 20_000),
  };
}

async function runFor(
  server: TestServer,
  config: PipelineConfig,
  handlers: Readonly<Record<string, Handler>>,
  only?: readonly string[],
  parts: Partial<PipelineParts> = {},
): Promise<TestRun> {
  const link = await openLink(server.url, 'test run');
  const events: WaterfallEvent[] = [];
  const files = Object.entries(handlers).map(([name, handler]) => [`/handlers/${name}`, handler] as const);
  const consumers = config.consumers.map((one) => ({ ...one, handler: `/handlers/${one.name}` }));
  const clock = { ...systemClock, random: () => 0.5 };
  // Each run is a process of its own to the others, whatever the clock makes of chance.
  const identity = { worker: `test:${process.pid}:${Math.random().toString(36).slice(2, 8)}` };
  const pipeline = runPipeline(pipelineOf(link, { ...config, consumers }, { clock, identity, ...parts }), {
    handlers: new Map(files),
    ...(only ? { only } : {}),
    log: silentLogger(),
  });
  pipeline.subscribe((event) => void events.push(event));
  let stopped = false;
  const stop = async (drainTimeoutMs = 3000): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await pipeline.stop(drainTimeoutMs);
    await link.close();
  };
  onTestFinished(() => stop(200));
  return {
    pipeline,
    events,
    count: (type) =>
      events.filter((event) => event.type === type && !('key' in event && event.key.tier === 'meta')).length,
    until: (test, what = 'the expected events') => eventually(what, () => test(events), 20_000),
    stop,
  };
}

/** Every record of ours in the journal; only those of these kinds, where given. */
export async function readJournal<K extends RecordKind = RecordKind>(
  link: Link,
  config: PipelineConfig,
  ...kinds: readonly K[]
): Promise<StoredRecord<RecordOf<K>>[]> {
  const out: StoredRecord<RecordOf<K>>[] = [];
  const wanted = (record: JournalRecord): record is RecordOf<K> =>
    kinds.length === 0 || kinds.includes(record.kind as K);
  const { name } = config.streams.advisories;
  for (let seq = 1; ; ) {
    const message = await link.readNext(name, `${config.roots.advisories}.>`, seq);
    if (!message) return out;
    const decoded = decodeRecord(message.data);
    if (decoded.ok && wanted(decoded.value)) out.push({ journalSeq: message.seq, record: decoded.value });
    seq = message.seq + 1;
  }
}

/**
 * Resolves when the server has counted the whole events stream for a consumer that has taken none of it for good. It
 * counts after it has acknowledged the publish.
 */
export async function untilCounted(link: Link, consumer: string, stream = 'events'): Promise<void> {
  await eventually(`all of ${stream} waits for ${consumer}`, async () => {
    const [of, info] = await Promise.all([link.streamInfo(stream), link.consumerInfo(stream, consumer)]);
    return (
      of !== undefined && info !== undefined && info.num_pending + info.num_ack_pending === of.state.messages
    );
  });
}

/** In two looks with nothing stored between them: the server counts what waits after it has acknowledged the publish. */
async function isQuiet(link: Link, config: PipelineConfig): Promise<boolean> {
  const stored = async (): Promise<string> => {
    const { events, retry, advisories } = config.streams;
    const all = await Promise.all([events, retry, advisories].map(({ name }) => link.streamInfo(name)));
    return all.map((info) => info?.state.last_seq).join();
  };
  const before = await stored();
  for (let look = 0; look < 2; look++) if (!(await looksQuiet(link, config))) return false;
  return before === (await stored());
}

async function looksQuiet(link: Link, config: PipelineConfig): Promise<boolean> {
  const { events, retry, advisories } = config.streams;
  const names = config.consumers.flatMap(({ name }) => [
    [events.name, name],
    [retry.name, `${name}-retry`],
  ]);
  const meta = ['meta-consumer', 'meta-consumer-retry', 'meta-consumer-dlq'].map((name) => [
    advisories.name,
    name,
  ]);
  for (const [stream, consumer] of [...names, ...meta, ...names]) {
    const info = await link.consumerInfo(stream ?? '', consumer ?? '');
    if (!info || info.num_pending > 0 || info.num_ack_pending > 0) return false;
  }
  return true;
}

/** The failed attempts of the journal, also those that an exhaustion tells of, as `consumer/seq stage attempt`. */
export function failedAttempts(records: readonly StoredRecord[]): string[] {
  return records
    .filter(({ record }) => errorOf(record) !== undefined)
    .map(({ record }) => `${record.consumer}/${record.origin.seq} ${record.stage} ${attemptOf(record)}`);
}
