import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import type { UserConfig } from '../../src/lib/config/schema/user-config.js';
import type { Handler } from '../../src/lib/handlers/contract.js';
import { openPipeline } from '../../src/lib/open/open-pipeline.js';
import type { OpenPipeline } from '../../src/lib/open/opened-pipeline.js';
import { eventually } from '../support/eventually.js';
import { natsForTest } from '../support/pipeline.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);
const storage = new AsyncLocalStorage<Context>();
context.setGlobalContextManager({
  active: () => storage.getStore() ?? ROOT_CONTEXT,
  with: (active, work, self, ...args) => storage.run(active, () => work.call(self as never, ...args)),
  bind: (_active, target) => target,
  enable() {
    return this;
  },
  disable() {
    return this;
  },
});

// What is registered is there for every other file of this process.
afterAll(() => {
  trace.disable();
  context.disable();
});

const name = 'notifications-consumer';
const config: UserConfig = {
  name: 'traced',
  events: { 'job.done': {}, 'job.told': {} },
  consumers: {
    [name]: {
      events: ['job.done'],
      handler: './handler.mjs',
      attempts: 2,
      backoff: ['20ms'],
      retry: { delay: '20ms', attempts: 1 },
    },
  },
};

interface Bed {
  readonly opened: OpenPipeline;
  readonly died: readonly string[];
}

async function bedWith(handler: Handler): Promise<Bed> {
  exporter.reset();
  const server = await natsForTest();
  const opened = await openPipeline({ config, cwd: await temporaryFolder(), server: server.url });
  onTestFinished(() => opened.close());
  const handlers = new Map(opened.config.consumers.map((one) => [one.handler, handler]));
  const run = await opened.run({ apply: true, handlers });
  const died: string[] = [];
  run.subscribe(({ id }) => void died.push(id), { types: ['dead-letter'] });
  return { opened, died };
}

const spansOf = (text: string): ReadableSpan[] =>
  exporter.getFinishedSpans().filter((span) => span.name === text);
const idsOf = ({ links }: ReadableSpan): string[] => links.map((link) => link.context.spanId);

async function spans(text: string, count: number): Promise<ReadableSpan[]> {
  await eventually(`${count} spans ${text}`, () => spansOf(text).length >= count, 20_000);
  return spansOf(text);
}

test('publish and each attempt are spans, linked to each other over retry and replay', async () => {
  let isMended = false;
  const { opened, died } = await bedWith(() => {
    if (!isMended) throw new RangeError('not now');
  });
  const { seq, msgId } = await opened.publish('job.done', { n: 1 });
  await eventually('it is dead', () => died.length === 1, 20_000);
  const [published] = await spans('publish job.done', 1);
  expect(published?.kind).toBe(SpanKind.PRODUCER);
  expect(published?.attributes).toEqual({
    'messaging.system': 'nats',
    'messaging.operation.name': 'publish',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'events.job.done',
    'messaging.message.id': msgId,
    'messaging.nats.stream.name': 'events',
    'messaging.nats.message.stream_sequence': seq,
  });

  const [first, second, retried] = await spans('process job.done', 3);
  const publishId = published?.spanContext().spanId ?? '';
  expect([first, second, retried].map((one) => one && idsOf(one))).toEqual([
    [publishId],
    [publishId, first?.spanContext().spanId],
    [publishId, second?.spanContext().spanId],
  ]);
  for (const one of [first, second, retried]) {
    // Traces of their own: a link is no parent.
    expect(one?.parentSpanContext).toBeUndefined();
    expect(one?.spanContext().traceId).not.toBe(published?.spanContext().traceId);
    expect(one?.kind).toBe(SpanKind.CONSUMER);
    expect(one?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'not now' });
  }
  expect(second?.attributes).toMatchObject({
    'messaging.system': 'nats',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'events.job.done',
    'messaging.consumer.group.name': name,
    'messaging.message.id': msgId,
    'messaging.nats.stream.name': 'events',
    'messaging.nats.message.stream_sequence': seq,
    'messaging.nats.message.consumer_sequence': 2,
    'messaging.nats.message.delivery_count': 2,
    'plutomi.stage': 'main',
    'plutomi.attempt': 2,
    'plutomi.cycle': 0,
    'plutomi.outcome': 'failed',
    'error.type': 'RangeError',
  });
  expect(retried?.attributes).toMatchObject({ 'plutomi.stage': 'retry', 'plutomi.attempt': 1 });

  isMended = true;
  const operators = trace.getTracer('test').startSpan('incident');
  await context.with(trace.setSpan(ROOT_CONTEXT, operators), () =>
    opened.deadLetters.replay({ filters: {} }, { waitMs: 20_000 }),
  );
  operators.end();
  const replayed = (await spans('process job.done', 4))[3];
  expect(replayed && idsOf(replayed)).toEqual([publishId, operators.spanContext().spanId]);
  expect(replayed?.attributes).toMatchObject({ 'plutomi.cycle': 1, 'plutomi.outcome': 'ok' });
  expect(replayed?.status.code).toBe(SpanStatusCode.UNSET);
});

test('a handler runs inside its span: what it publishes is a part of it', async () => {
  const bed = await bedWith(async () => {
    await Promise.resolve();
    await bed.opened.publish('job.told', {});
  });
  await bed.opened.publishMany([{ type: 'job.done' }, { type: 'job.done' }]);
  const told = await spans('publish job.told', 2);
  const processed = await spans('process job.done', 2);
  expect(new Set(told.map((one) => one.parentSpanContext?.spanId))).toEqual(
    new Set(processed.map((one) => one.spanContext().spanId)),
  );
});

test('an event that is given a trace is published in it; one that is refused ends its span as an error', async () => {
  const seen: (string | undefined)[] = [];
  const { opened } = await bedWith(({ headers }) => void seen.push(headers['traceparent']?.[0]));
  const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await opened.publish('job.done', {}, { headers: { Traceparent: given, tracestate: 'vendor=1' } });
  const [published] = await spans('publish job.done', 1);
  expect(published?.parentSpanContext).toMatchObject({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
  });
  expect(published?.spanContext().traceState?.serialize()).toBe('vendor=1');
  await eventually('it is handled', () => seen.length === 1);
  expect(seen).toEqual([`00-0af7651916cd43dd8448eb211c80319c-${published?.spanContext().spanId}-01`]);

  await opened.link.jsm.streams.delete('events');
  await expect(opened.publish('job.done', {})).rejects.toMatchObject({ code: 'NO_STREAM' });
  expect((await spans('publish job.done', 2))[1]?.status.code).toBe(SpanStatusCode.ERROR);
});
