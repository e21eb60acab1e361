import { describe, expect, test } from 'vitest';
import { encodePointer, type Pointer, pointerHeader } from '../../../../src/lib/domain/pointer.js';
import { emptyHistory } from '../../../../src/lib/domain/attempt.js';
import type { PlutomiError } from '../../../../src/lib/errors.js';
import type { Handler } from '../../../../src/lib/handlers/contract.js';
import type { Failure } from '../../../../src/lib/domain/failure.js';
import { Snooze } from '../../../../src/lib/domain/outcome.js';
import { EventRegistry } from '../../../../src/lib/handlers/event.js';
import type { Link } from '../../../../src/lib/nats/link.js';
import { silentLogger } from '../../../../src/lib/observe/log.js';
import type { WaterfallEvent } from '../../../../src/lib/observe/waterfall-event.js';
import { HandlerRunner, mainStage, retryStage } from '../../../../src/lib/waterfall/stages/business.js';
import type { Case } from '../../../../src/lib/waterfall/stages/case.js';
import { Admission } from '../../../../src/lib/waterfall/worker/admission.js';
import { HeldMessage } from '../../../../src/lib/waterfall/worker/held-message.js';
import { makeConfig, makeConsumer } from '../../../support/config.js';
import { consumer, makePointer } from '../../../support/dead-letters.js';
import { latch } from '../../../support/latch.js';
import { clockAt, pipelineOf } from '../../../support/pipeline-of.js';
import { delivered } from '../fake-server.js';

/** Nothing is asked over it. */
const noLink = { streamInfo: () => undefined } as unknown as Link;

const now = Date.parse('2026-01-31T12:00:00.000Z');

function setUp(handler: Handler = () => {}, overrides = {}) {
  const config = makeConfig();
  const events: WaterfallEvent[] = [];
  const failures: PlutomiError[] = [];
  const parts = {
    consumer: makeConsumer({ name: consumer, ...overrides }),
    handler,
    registry: new EventRegistry(config, () => {}),
    tools: {
      // Nothing here asks a server.
      pipeline: pipelineOf(noLink, config, { clock: clockAt(() => now) }),
      emit: (event: WaterfallEvent) => void events.push(event),
      admission: new Admission(),
    },
    log: silentLogger(),
    fail: (error: PlutomiError) => void failures.push(error),
  };
  const runner = new HandlerRunner(parts);
  return { runner, main: mainStage(parts, runner), retry: retryStage(parts, runner), events, failures };
}

const held = (
  body = '',
  header: Record<string, string> = {},
  subject = 'events.totp.requested',
): HeldMessage => new HeldMessage(delivered(header, { subject, body }), 60_000, 0);

function caseOf(stage: ReturnType<typeof mainStage>, message: HeldMessage): Case {
  const { task } = stage.identify(message);
  return {
    task,
    held: message,
    worker: undefined as never,
    history: emptyHistory,
    first: true,
    untold: true,
  };
}

test('the main stage is about the delivered event, and says in its exhaustions where they lead', () => {
  const { main } = setUp();
  const { task, failure } = main.identify(held());
  expect(failure).toBeUndefined();
  expect(task).toMatchObject({ dueMs: 0, attemptsBefore: 0 });
  expect(task.key).toMatchObject({
    tier: 'business',
    consumer,
    stage: 'main',
    cycle: 0,
    origin: { stream: 'events', seq: 42, subject: 'events.totp.requested', time: '1769860800123456789' },
  });
  expect(main.plan).toEqual({ retry: { delayMs: 50, attempts: 3 } });
  const retry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };
  expect(setUp(undefined, { retry }).main.plan).toEqual({ retry: false });
});

test('each stage looks for what it has left itself, and has limits of its own', () => {
  const retryLimits = { enabled: true, delayMs: 1, attempts: 7, backoffMs: [9] };
  const { main, retry } = setUp(undefined, { attempts: 2, backoffMs: [5], retry: retryLimits });
  expect(main).toMatchObject({ limits: { attempts: 2, backoffMs: [5] }, runsHandlers: true });
  expect(retry).toMatchObject({ limits: { attempts: 7, backoffMs: [9] }, runsHandlers: true });
  expect(main.past).toBe(`events-advisories.business.*.${consumer}.*.main.*`);
  expect(retry.past).toBe(`events-advisories.business.*.${consumer}.*.retry.*`);
  // Somebody else may have ended a retry: the main stage late, or a person.
  expect([main.trustsFirstDelivery, retry.trustsFirstDelivery]).toEqual([true, false]);
  expect([main.recordsSuccess, retry.recordsSuccess]).toEqual([false, true]);
  expect(retry.plan).toBeUndefined();
});

describe('the retry stage', () => {
  const origin = { stream: 'events', seq: 7, subject: 'events.totp.requested', time: '17' };
  const pointer: Pointer = makePointer(origin, {
    stage: 'retry',
    cycle: 2,
    attempts: { main: 5, retry: 0 },
    firstFailedAt: '2026-01-01T00:00:00.000Z',
  });
  const on = `events-retry.${consumer}.7`;

  test('is about the event that its pointer names', () => {
    const { task, failure } = setUp().retry.identify(held(encodePointer(pointer), {}, on));
    expect(failure).toBeUndefined();
    expect(task).toEqual({
      key: { tier: 'business', consumer, origin, stage: 'retry', cycle: 2 },
      dueMs: 0,
      attemptsBefore: 5,
      firstFailedAt: '2026-01-01T00:00:00.000Z',
    });
  });

  test('reads of the headers when it is due, and that it was put back', () => {
    const headers = { [pointerHeader.notBefore]: '2026-01-31T13:00:00.000Z', [pointerHeader.putBack]: '1' };
    const { task } = setUp().retry.identify(held(encodePointer(pointer), headers, on));
    expect(task).toMatchObject({ dueMs: now + 3_600_000, putBack: true });
  });

  test.each([
    ['is no pointer', '{"v":1}', new RegExp(consumer)],
    ['names another consumer', encodePointer({ ...pointer, consumer: 'other' }), /other/],
  ])('leaves what %s to the meta tier, under its own place', (_what, body, message) => {
    const { task, failure } = setUp().retry.identify(held(body, {}, on));
    expect(failure).toMatchObject({ kind: 'malformed', message: expect.stringMatching(message) as string });
    expect(task.key).toMatchObject({
      tier: 'meta',
      consumer: 'meta-consumer-retry',
      stage: 'main',
      origin: { seq: 42, subject: on },
    });
  });

  test('calls the handler with the original', async () => {
    const seen: unknown[] = [];
    const { retry } = setUp((event, { stage, cycle, attempt }) => {
      seen.push([event.seq, event.id, event.data, stage, cycle, attempt]);
    });
    const headers = { 'Nats-Msg-Id': ['one'] };
    const message = { ...origin, headers, data: new TextEncoder().encode('{"n":1}') };
    const current = caseOf(retry, held(encodePointer(pointer), {}, on));
    expect(await retry.run(current, 3, { state: 'present', message })).toEqual({ kind: 'ok' });
    expect(seen).toEqual([[7, 'one', { n: 1 }, 'retry', 2, 3]]);
  });

  test.each(['missing', 'replaced'] as const)('calls no handler where the original is %s', async (state) => {
    let calls = 0;
    const { retry } = setUp(() => void calls++);
    const message = held(encodePointer(pointer), {}, on);
    for (const original of [{ state }, ...(state === 'missing' ? [undefined] : [])]) {
      expect(await retry.run(caseOf(retry, message), 1, original)).toMatchObject({
        kind: 'failed',
        failure: { kind: state, name: 'OriginalUnavailable' },
      });
    }
    expect(calls).toBe(0);
  });
});

describe('handlers', () => {
  test('are seen while they run, by stage', async () => {
    const end = latch();
    const { runner, main } = setUp(() => end.opened);
    const message = held();
    message.startedAt = 5;
    const current = caseOf(main, message);
    const outcome = main.run(current, 2, undefined);
    const one = { key: current.task.key, attempt: 2, startedAt: 5 };
    expect(runner.look('main')).toEqual({ running: [one], zombies: [] });
    expect(runner.look('retry').running).toEqual([]);
    end.open();
    expect(await outcome).toEqual({ kind: 'ok' });
    expect(runner.look('main').running).toEqual([]);
  });

  test('that snooze beyond the life of their event have failed', async () => {
    const { main } = setUp(() => {
      throw new Snooze('30d');
    });
    const { failure } = (await main.run(caseOf(main, held()), 1, undefined)) as { failure?: Failure };
    expect(failure?.message).toMatch(/30d/);
  });

  test('that timed out are seen until they end, and too many of them end the pipeline', async () => {
    const end = latch();
    const { runner, main, events, failures } = setUp(() => end.opened, { timeoutMs: 1, concurrency: 1 });
    const run = () => main.run(caseOf(main, held()), 1, undefined);
    expect(await run()).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' } });
    expect(failures).toEqual([]);
    await run();
    expect(failures).toMatchObject([{ code: 'TOO_MANY_ZOMBIES' }]);
    expect(runner.look('main')).toMatchObject({ running: [], zombies: [{ attempt: 1 }, { attempt: 1 }] });
    end.open();
    await end.opened;
    await new Promise(setImmediate);
    expect(events.map(({ type }) => type)).toEqual(['late-settlement', 'late-settlement']);
    expect(runner.look('main').zombies).toEqual([]);
  });
});
