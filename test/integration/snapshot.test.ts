import { expect, onTestFinished, test } from 'vitest';
import { Reject, Snooze } from '../../src/lib/domain/outcome.js';
import { systemClock } from '../../src/lib/flow/clock.js';
import type { Handler } from '../../src/lib/handlers/contract.js';
import { deleteConsumer } from '../../src/lib/nats/objects.js';
import { silentLogger } from '../../src/lib/observe/log.js';
import type { PipelineSnapshot, StageSnapshot } from '../../src/lib/observe/snapshot.js';
import { eventually } from '../support/eventually.js';
import { makePipeline } from '../../src/lib/pipeline/pipeline.js';
import { runPipeline } from '../../src/lib/waterfall/run.js';
import { connectTo, testBed, type TestRun } from '../support/pipeline.js';
import { cannotPause } from '../support/can-pause.js';

const consumer = 'notifications-consumer';
const noRetry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };

function stageOf(run: TestRun, name: string, stage: StageSnapshot['stage']): StageSnapshot {
  const found = run.pipeline.snapshot().stages.find((one) => one.consumer === name && one.stage === stage);
  if (!found) throw new Error(`no stage ${name} ${stage}`);
  return found;
}

/** A handler that waits until it is let go, and how to do that. */
function gatedHandler(): { readonly handler: Handler; readonly letGo: () => void } {
  let letGo = (): void => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  return { handler: () => gate, letGo };
}

const none = {
  delivered: 0,
  succeeded: 0,
  failed: 0,
  rejected: 0,
  snoozed: 0,
  exhausted: 0,
  doneAlready: 0,
  notDue: 0,
};

test('counts what became of attempts, by consumer and stage, as the events tell it', async () => {
  const retry = { enabled: true, delayMs: 50, attempts: 1, backoffMs: [] };
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 2, backoffMs: [20], retry }] });
  const snoozed = new Set<number>();
  const run = await bed.run({
    [consumer]: ({ type, seq }) => {
      if (type === 'bad') throw new Error('no');
      if (type === 'hopeless') throw new Reject('never');
      if (type === 'later' && !snoozed.has(seq)) {
        snoozed.add(seq);
        throw new Snooze(100);
      }
    },
  });
  const before = run.pipeline.snapshot();
  expect(before.stages.map((one) => [one.tier, one.consumer, one.stage, one.stream, one.durable])).toEqual([
    ['meta', 'meta-consumer', 'main', 'events-advisories', 'meta-consumer'],
    ['meta', 'meta-consumer', 'retry', 'events-advisories', 'meta-consumer-retry'],
    ['meta', 'meta-consumer', 'dlq', 'events-advisories', 'meta-consumer-dlq'],
    ['business', consumer, 'main', 'events', consumer],
    ['business', consumer, 'retry', 'events-retry', `${consumer}-retry`],
    ['business', consumer, 'dlq', 'events-dlq', `${consumer}-dlq`],
  ]);
  for (const { counts, lastSucceededAt, lastFailedAt } of before.stages) {
    expect(counts).toMatchObject(none);
    expect([lastSucceededAt, lastFailedAt]).toEqual([null, null]);
  }

  for (const type of ['good', 'good', 'bad', 'hopeless', 'later']) await bed.publish(type);
  await run.until(() => run.count('dead-letter') === 2 && run.count('succeeded') === 3);
  await bed.quiet();
  await eventually('the alerts are counted', () => stageOf(run, consumer, 'dlq').counts.succeeded === 2);
  expect(stageOf(run, consumer, 'main').counts).toMatchObject({
    // Each once, and the second attempts of `bad` and `later`.
    delivered: 7,
    succeeded: 3,
    failed: 2,
    rejected: 1,
    snoozed: 1,
    exhausted: 2,
    doneAlready: 0,
  });
  const inRetry = stageOf(run, consumer, 'retry').counts;
  expect(inRetry).toMatchObject({ succeeded: 0, failed: 1, rejected: 0, exhausted: 1 });
  expect(inRetry.delivered).toBe(1 + inRetry.notDue);
  // Three exhaustions are routed: to the retry once, to the DLQ twice.
  expect(stageOf(run, 'meta-consumer', 'main').counts).toMatchObject({ succeeded: 3, failed: 0 });

  const { stages, events, at } = run.pipeline.snapshot();
  expect(events).toMatchObject({ exhausted: 3, routed: 3, 'dead-letter': 2, snoozed: 1, 'event-lost': 0 });
  expect(events['attempt-failed']).toBe(run.events.filter(({ type }) => type === 'attempt-failed').length);
  const main = stages.find(({ durable }) => durable === consumer);
  for (const time of [main?.lastSucceededAt, main?.lastFailedAt]) {
    expect(Date.parse(time ?? '')).toBeLessThanOrEqual(Date.parse(at));
    expect(Date.parse(time ?? '')).toBeGreaterThan(Date.parse(before.startedAt));
  }
});

test('is plain data that JSON keeps as it is', async () => {
  const bed = await testBed({ consumers: [{ name: consumer }] });
  const run = await bed.run({ [consumer]: () => {} });
  const snapshot = run.pipeline.snapshot();
  expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  expect(snapshot).toMatchObject({
    pipeline: bed.config.name,
    worker: expect.stringMatching(/^[^:]+:\d+:/),
    state: 'running',
    connection: {
      connected: true,
      server: bed.link.server,
      serverVersion: bed.link.serverVersion,
      reconnects: 0,
    },
    holding: [],
    handlers: { running: 0, alone: false, waiting: 0 },
    advisoriesWaiting: 0,
  });
  await run.stop();
  expect(run.pipeline.snapshot().state).toBe('stopped');
});

test('names the handlers that run and since when, those that wait, and those that never ended', async () => {
  const bed = await testBed({
    consumers: [
      { name: consumer, concurrency: 2, attempts: 1, retry: noRetry },
      { name: 'slow-consumer', attempts: 1, timeoutMs: 50, retry: noRetry },
    ],
  });
  const { handler, letGo } = gatedHandler();
  const slow = gatedHandler();
  const run = await bed.run({ [consumer]: handler, 'slow-consumer': slow.handler });
  for (let n = 0; n < 3; n++) await bed.publish('job');
  await eventually('two run and one waits', () => stageOf(run, consumer, 'main').waitingForPlace === 1);
  await run.until(() => run.count('attempt-failed') === 3, 'the slow ones time out');
  const main = stageOf(run, consumer, 'main');
  expect(main).toMatchObject({ inHand: 3, concurrency: 2, capacity: 3, zombies: [] });
  expect(main.running).toMatchObject([
    { id: `${consumer}/1`, origin: 'events/1', subject: 'events.job', attempt: 1, cycle: 0 },
    { id: `${consumer}/2`, origin: 'events/2' },
  ]);
  const [oldest] = main.running;
  expect(Date.parse(oldest?.since ?? '')).toBeGreaterThanOrEqual(
    Date.parse(run.pipeline.snapshot().startedAt),
  );
  const age = (): number => stageOf(run, consumer, 'main').running[0]?.forMs ?? 0;
  await eventually('it grows old', () => age() > (oldest?.forMs ?? 0));
  const zombies = stageOf(run, 'slow-consumer', 'main');
  expect(zombies.running).toEqual([]);
  expect(zombies.zombies.map(({ id }) => id)).toEqual([1, 2, 3].map((seq) => `slow-consumer/${seq}`));

  letGo();
  slow.letGo();
  await run.until(() => run.count('late-settlement') === 3 && run.count('succeeded') === 3);
  await eventually('nothing is in hand', () => stageOf(run, consumer, 'main').inHand === 0);
  expect(stageOf(run, consumer, 'main').running).toEqual([]);
  expect(stageOf(run, 'slow-consumer', 'main').zombies).toEqual([]);
});

test('says whether the server answers: at the start, when it is away, and when a consumer is gone', async () => {
  const bed = await testBed({ consumers: [{ name: consumer }] });
  const run = await bed.run({ [consumer]: () => {} });
  const unanswered = (): (string | undefined)[] =>
    run.pipeline.snapshot().stages.flatMap((one) => (one.unanswered ? [one.unanswered.why] : []));
  await eventually('every pull is answered', () => unanswered().length === 0);

  await bed.server.kill9();
  await eventually('the connection is lost', () => !run.pipeline.snapshot().connection.connected);
  expect(run.pipeline.snapshot().state).toBe('running');
  await bed.server.restart();
  await eventually('it is back, and every pull is answered', () => {
    const { connection } = run.pipeline.snapshot();
    return connection.connected && connection.reconnects === 1 && unanswered().length === 0;
  });

  await deleteConsumer(bed.link, 'events', consumer);
  const gone = (): StageSnapshot['unanswered'] => stageOf(run, consumer, 'main').unanswered;
  await eventually('the deleted consumer does not answer', () => gone() !== null);
  expect(gone()?.why).toMatch(/Consumer Deleted|nothing answers/);
  await eventually('the pipeline gives up', () => run.pipeline.snapshot().state === 'failed');
  expect(stageOf(run, consumer, 'retry').unanswered).toBeNull();
});

test('says what the server does not take, and since when', async () => {
  const bed = await testBed({
    streams: { advisories: { maxBytes: 2000, discard: 'new' } },
    consumers: [{ name: consumer, attempts: 5, backoffMs: [20], retry: noRetry }],
  });
  const run = await bed.run({
    [consumer]: () => {
      throw new Error('x'.repeat(500));
    },
  });
  for (let n = 0; n < 3; n++) await bed.publish('job');
  const holding = (): PipelineSnapshot['holding'] => run.pipeline.snapshot().holding;
  await run.until(() => run.count('holding') > 0, 'the journal is full');
  await eventually('somebody waits for it', () => holding().length > 0);
  const [first] = holding();
  expect(first).toMatchObject({ tier: 'business', what: 'write the journal' });
  expect(first?.error).not.toBe('');
  expect(first?.messages).toBeGreaterThan(0);
});

test('says that the server delivers nothing of a consumer, and why', async ({ skip }) => {
  const bed = await testBed({ consumers: [{ name: consumer }] });
  skip(...cannotPause(bed.link));
  await bed.link.jsm.consumers.pause('events', consumer, new Date('2036-01-01T00:00:00Z'));
  const run = await bed.run({ [consumer]: () => {} });
  await eventually('it is told', () => stageOf(run, consumer, 'main').standstill !== null);
  expect(stageOf(run, consumer, 'main').standstill).toEqual({
    why: 'paused until 2036-01-01T00:00:00.000Z',
    since: expect.stringMatching(/^\d{4}-.*Z$/),
    forMs: expect.any(Number),
  });
  expect(stageOf(run, consumer, 'retry').standstill).toBeNull();
});

test('a clock that is set back makes no age and no duration negative', async () => {
  const bed = await testBed({ consumers: [{ name: consumer }] });
  const link = await connectTo(bed.server.url);
  let hours = 0;
  const clock = { ...systemClock, now: () => Date.now() - 3_600_000 * ++hours };
  const pipeline = makePipeline({ link, config: bed.config, clock });
  const running = runPipeline(pipeline, {
    handlers: new Map(bed.config.consumers.map(({ handler }) => [handler, () => {}])),
    log: silentLogger(),
  });
  onTestFinished(async () => void (await running.stop(200)));
  const durations: number[] = [];
  running.subscribe(({ durationMs }) => void durations.push(durationMs), { types: ['succeeded'] });
  await bed.publish('job');
  await eventually('it has succeeded', () => durations.length === 1);
  expect(durations[0]).toBeGreaterThanOrEqual(0);
  const { uptimeMs, stages } = running.snapshot();
  expect(uptimeMs).toBeGreaterThanOrEqual(0);
  for (const { counts } of stages) expect(counts.attemptMs).toBeGreaterThanOrEqual(0);
});
