import { expect, test } from 'vitest';
import type { HandlerContext } from '../../src/lib/handlers/contract.js';
import { failedAttempts, testBed, type TestBed, type TestRun } from '../support/pipeline.js';
import { eventually } from '../support/eventually.js';

const consumer = 'notifications-consumer';
const noRetry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };

/** Throws when its process stops, as handlers do that observe the signal. */
function untilAborted({ signal }: HandlerContext): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

const stubborn = { 'observes the signal': untilAborted, 'never settles': () => new Promise<never>(() => {}) };

async function deploy(bed: TestBed, work: (context: HandlerContext) => unknown): Promise<string[]> {
  const attempts: string[] = [];
  const run = await bed.run({
    [consumer]: (_event, context) => {
      attempts.push(`${context.stage} ${context.attempt}`);
      return work(context);
    },
  });
  await eventually('the handler runs', () => attempts.length > 0, 20_000);
  await run.stop(50);
  return attempts;
}

async function succeed(bed: TestBed, count = 1): Promise<TestRun> {
  const run = await bed.run({ [consumer]: () => {} });
  await run.until(() => run.count('succeeded') === count);
  await bed.quiet();
  return run;
}

test.each(Object.entries(stubborn))(
  'four drains that run out make no dead letter of an event whose handler %s',
  async (_what, work) => {
    // An ack wait that nobody waits out: what is taken back goes to the next process at once.
    const only = { name: consumer, attempts: 2, ackWaitMs: 60_000, timeoutMs: 60_000, retry: noRetry };
    const bed = await testBed({ consumers: [only] });
    await bed.publish('totp.requested');
    for (let n = 0; n < 4; n++) expect(await deploy(bed, work)).toEqual(['main 1']);
    await succeed(bed);
    expect(failedAttempts(await bed.journal())).toEqual([]);
    expect(await bed.journal('MAX_DELIVERIES', 'MSG_TERMINATED')).toEqual([]);
    const snoozed = (await bed.journal('SNOOZED')).map(({ record }) => [record.attempt, record.takenBack]);
    expect(snoozed).toEqual(Array.from({ length: 4 }, () => [1, true]));
    // Each announcement stands for itself: that the same attempt was announced before swallows none.
    expect((await bed.journal('ATTEMPT_STARTED')).length).toBe(4);
  },
);

test('in the retry stage too', async () => {
  const retry = { enabled: true, delayMs: 20, attempts: 1, backoffMs: [] };
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry, timeoutMs: 60_000 }] });
  await bed.publish('totp.requested');
  for (let n = 0; n < 3; n++) {
    const attempts = await deploy(bed, async (context) => {
      if (context.stage === 'main') throw new Error('to the retry stage');
      await untilAborted(context);
    });
    if (!attempts.includes('retry 1')) n--;
  }
  await succeed(bed);
  expect(await bed.dead(consumer, 1)).toBeUndefined();
});

test('what was prefetched and never started is no suspect in the next process', async () => {
  const only = { name: consumer, attempts: 1, concurrency: 4, ackWaitMs: 60_000, retry: noRetry };
  const bed = await testBed({ consumers: [only] });
  for (let n = 0; n < 10; n++) await bed.publish('totp.requested');
  await deploy(bed, untilAborted);
  await succeed(bed, 10);
  expect((await bed.journal('ATTEMPT_STARTED')).filter(({ record }) => record.alone)).toEqual([]);
  expect(await bed.journal('ATTEMPT_FAILED', 'MAX_DELIVERIES')).toEqual([]);
});

test('a handler that succeeds after its attempt was taken back has succeeded', async () => {
  const only = { name: consumer, attempts: 1, ackWaitMs: 60_000, timeoutMs: 60_000, retry: noRetry };
  const bed = await testBed({ consumers: [only] });
  await bed.publish('totp.requested');
  await deploy(bed, ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)));
  await bed.quiet();
  expect((await bed.journal('RESOLVED')).length).toBe(1);
});
