import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PipelineConfig } from '../../src/lib/config/resolved.js';
import { makeFailure } from '../../src/lib/domain/failure.js';
import type { Key } from '../../src/lib/domain/key.js';
import type { Exhaustion, RecordOf } from '../../src/lib/domain/record.js';
import { makeExhaustion } from '../../src/lib/domain/record-exhaustion.js';
import type { RecordKind } from '../../src/lib/domain/record-kinds.js';
import { nothingKnown } from '../../src/lib/domain/standing-records.js';
import { placesOf } from '../../src/lib/pipeline/places.js';
import { lastPointer, readPointer } from '../../src/lib/pointers/write-pointer.js';
import { routeExhaustion } from '../../src/lib/routing/route.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { connectTo, type TestLink } from '../support/connect.js';
import { consumer, journal, Killed, killedAfter, originAt } from '../support/dead-letters.js';
import { startNats, type TestServer } from '../support/nats-server.js';
import { clockAt, pipelineOf } from '../support/pipeline-of.js';

const at = '2027-01-15T08:00:00.000Z';
const now = Date.parse(at);
/** Told once, and delivered once. */
const firstTime = { firstTime: true, firstTelling: true };
const noRetry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };
const config = makeConfig({ consumers: [{ name: consumer }, { name: 'without-retry', retry: noRetry }] });
const planned = (delayMs: number) => ({ retry: { delayMs, attempts: 2 } });

let server: TestServer;
let link: TestLink;
beforeAll(async () => {
  server = await startNats();
  link = await connectTo(server.url);
  await applyTopology(link, config);
});
afterAll(async () => {
  await link.close();
  await server.stop();
});

/** The exhaustion of an event of its own. */
async function exhausted(facts: Partial<Exhaustion> = {}): Promise<Exhaustion> {
  const { consumer: name = consumer, stage = 'main', kind = 'MAX_DELIVERIES', plan } = facts;
  const { seq } = await link.publish('events.totp.requested', '{}');
  const origin = await originAt({ link, config }, seq);
  const key: Key = { tier: 'business', consumer: name, origin, stage, cycle: 0 };
  return makeExhaustion({
    key,
    kind,
    at,
    failure: makeFailure('error', 'Error', 'SES is down'),
    attempts: { main: 3, retry: 0 },
    plan,
    firstFailedAt: at,
    worker: 'test',
    delivered: { stream: origin.stream, seq, deliveries: 3 },
  });
}

function route(x: Exhaustion, known = firstTime, routing: PipelineConfig = config, random = 0.5) {
  return routeExhaustion(
    pipelineOf(link, routing, { clock: { ...clockAt(() => now), random: () => random } }),
    x,
    known,
  );
}

async function pointerIn(to: 'retry' | 'dlq', x: Exhaustion) {
  const message = await lastPointer(link, placesOf(config)[to], x.consumer, x.origin.seq);
  return message && readPointer(message);
}

describe('an exhaustion leads', () => {
  test.each<[string, Partial<Exhaustion>, 'retry' | 'dlq']>([
    ['of a main stage to the retry stage', {}, 'retry'],
    ['of a retry stage to the DLQ', { stage: 'retry' }, 'dlq'],
    ['that is for good to the DLQ', { kind: 'MSG_TERMINATED' }, 'dlq'],
    ['of a consumer without a retry stage to the DLQ', { consumer: 'without-retry' }, 'dlq'],
    ['with a plan where that says: to the DLQ', { plan: { retry: false } }, 'dlq'],
    [
      'with a plan where that says: to the retry stage',
      { consumer: 'without-retry', plan: planned(5) },
      'retry',
    ],
    ['of a consumer that nobody knows to the DLQ', { consumer: 'unknown' }, 'dlq'],
    [
      'whose retry stage has no consumer to the DLQ, whatever its plan',
      { consumer: 'unknown', plan: planned(5) },
      'dlq',
    ],
  ])('%s', async (_what, facts, to) => {
    const x = await exhausted(facts);
    expect(await route(x)).toMatchObject({ to });
    expect(await pointerIn(to, x)).toMatchObject({ consumer: x.consumer, stage: to, origin: x.origin });
    expect(await pointerIn(to === 'dlq' ? 'retry' : 'dlq', x)).toBeUndefined();
  });

  test('of a consumer that only another version of the config has to its retry stage', async () => {
    const x = await exhausted({ plan: planned(5) });
    const other = makeConfig({ consumers: [{ name: 'without-retry' }] });
    expect(await route(x, firstTime, other)).toMatchObject({ to: 'retry' });
  });
});

describe('a retry is due', () => {
  test.each([
    [0, 900],
    [0.5, 1000],
    [0.999_999, 1100],
  ])('after the delay of the plan, a tenth more or less as chance says (%f)', async (random, delayMs) => {
    const x = await exhausted({ plan: planned(1000) });
    const notBeforeMs = now + delayMs;
    expect(await route(x, firstTime, config, random)).toEqual({ to: 'retry', notBeforeMs });
    expect(await pointerIn('retry', x)).toMatchObject({ notBeforeMs });
  });

  test('after the delay of the config, where its record has no plan', async () => {
    expect(await route(await exhausted())).toEqual({ to: 'retry', notBeforeMs: now + 50 });
  });

  test('at once as 0 and not as now: it was never parked', async () => {
    expect(await route(await exhausted({ plan: planned(0) }))).toEqual({ to: 'retry', notBeforeMs: 0 });
  });

  test('and a dead letter is not', async () => {
    expect(await route(await exhausted({ stage: 'retry' }))).toEqual({ to: 'dlq', notBeforeMs: 0 });
  });
});

describe('routing', () => {
  test('writes the pointer before the record that says so', async () => {
    const x = await exhausted();
    await expect(
      routeExhaustion(pipelineOf(killedAfter(link, 1), config), x, firstTime),
    ).rejects.toBeInstanceOf(Killed);
    expect(await pointerIn('retry', x)).toBeDefined();
    expect(await route(x, nothingKnown)).toMatchObject({ to: 'retry' });
    expect(await route(x, nothingKnown)).toEqual({ to: 'nowhere', because: 'ROUTED' });
  });

  test.each<[string, Partial<RecordOf<RecordKind>> & { kind: RecordKind }, typeof firstTime, boolean]>([
    ['was told before', { kind: 'ROUTED' }, { firstTime: true, firstTelling: false }, false],
    ['may have been routed', { kind: 'RESOLVED', attempt: 1 }, nothingKnown, false],
    ['failed only once more', { kind: 'ATTEMPT_FAILED', attempt: 1 }, nothingKnown, true],
  ])('of what %s looks first', async (_what, facts, known, isRouted) => {
    const x = await exhausted();
    await journal({ link, config }, x, facts as { kind: 'ROUTED' });
    const { to } = await route(x, known);
    expect(to).toBe(isRouted ? 'retry' : 'nowhere');
    expect((await pointerIn('retry', x)) !== undefined).toBe(isRouted);
  });
});
