import { describe, expect, test } from 'vitest';
import { makeFailure } from '../../src/lib/domain/failure.js';
import type { Outcome } from '../../src/lib/domain/outcome.js';
import { noStream, UnreachableError } from '../../src/lib/nats/errors.js';
import { isoOfMs } from '../../src/lib/domain/time.js';
import type { StageSpec } from '../../src/lib/waterfall/stages/stage.js';
import { eventually } from '../support/eventually.js';
import { latch } from '../support/latch.js';
import { ackWaitMs, type Workbench, workshop } from '../support/workbench.js';

const shop = workshop();
const failure = makeFailure('error', 'Error', 'SES is down');
const rejection = makeFailure('rejected', 'Reject', 'no such address');
const ok = (): Outcome => ({ kind: 'ok' });
const failed = (): Outcome => ({ kind: 'failed', failure });
const rejected = (): Outcome => ({ kind: 'failed', failure: rejection });
const snoozed = (delayMs: number) => (): Outcome => ({ kind: 'snoozed', delayMs });
const once = { attempts: 1, backoffMs: [] };
const anyNak = expect.stringMatching(/^-NAK/) as string;

function unreachable(): UnreachableError {
  return new UnreachableError('write the journal', undefined, 'no answer');
}

/** The first write of each of these kinds is refused. */
function refuseFirst(bench: Workbench, ...kinds: readonly string[]): void {
  const left = new Set(kinds);
  bench.beforeWrite = (kind) => {
    if (left.delete(kind)) throw unreachable();
  };
}

/** Writes of this kind wait. */
function holdWrites(bench: Workbench, kind: string): { readonly reached: Promise<void>; open: () => void } {
  const [reached, gate] = [latch(), latch()];
  bench.beforeWrite = async (written) => {
    if (written !== kind) return;
    reached.open();
    await gate.opened;
  };
  return { reached: reached.opened, open: gate.open };
}

/** One whose lease lapses while it runs. */
function lapsing(bench: Workbench, outcome: () => Outcome): StageSpec['run'] {
  return () => {
    bench.skip(ackWaitMs);
    return outcome();
  };
}

describe('a success', () => {
  test('of an event that nothing is known about leaves no record', async () => {
    const bench = await shop.open();
    bench.serve({ run: ok });
    await bench.publish();
    await bench.saidAre('run 1', '+ACK');
    expect(await bench.journal()).toEqual([]);
  });

  test('is recorded before the message is let go of, where its stage records each', async () => {
    const bench = await shop.open();
    const held = holdWrites(bench, 'RESOLVED');
    const worker = bench.serve({ run: ok, recordsSuccess: true });
    await bench.publish();
    await held.reached;
    expect(bench.said).toEqual(['run 1']);
    expect(worker.counter.counts.succeeded).toBe(0);
    held.open();
    await bench.saidAre('run 1', 'RESOLVED', '+ACK');
    expect(worker.counter.counts.succeeded).toBe(1);
    expect(bench.events).toMatchObject([{ type: 'succeeded', attempt: 1, late: false }]);
    expect((await bench.journal())[0]).not.toHaveProperty('late');
  });

  test('after the lease has lapsed is recorded as late, however often the server refuses at first', async () => {
    const bench = await shop.open();
    refuseFirst(bench, 'RESOLVED');
    bench.serve({ run: lapsing(bench, ok) });
    await bench.publish();
    await bench.saidAre('run 1', 'RESOLVED', '+ACK');
    expect(await bench.journal()).toMatchObject([{ kind: 'RESOLVED', attempt: 1, late: true }]);
    expect(bench.events).toMatchObject([{ type: 'succeeded', late: true }]);
  });
});

test('a success after its message was given back is recorded: whoever has it runs it no more', async () => {
  const bench = await shop.open();
  bench.serve({
    run: ({ held }) => {
      held.takenBack = true;
      return ok();
    },
  });
  await bench.publish();
  await bench.saidAre('run 1', 'RESOLVED', '+ACK');
});

describe('a snooze', () => {
  test('is recorded before the message goes back for as long', async () => {
    const bench = await shop.open();
    const held = holdWrites(bench, 'SNOOZED');
    const worker = bench.serve({ run: snoozed(90_000) });
    await bench.publish();
    await held.reached;
    expect(bench.said).toEqual(['run 1']);
    held.open();
    await bench.saidAre('run 1', 'SNOOZED', '-NAK {"delay": 90000000000}');
    expect(await bench.journal()).toMatchObject([
      { kind: 'SNOOZED', attempt: 1, until: isoOfMs(bench.now + 90_000), snoozes: 0 },
    ]);
    expect(worker.counter.counts).toMatchObject({ snoozed: 1, failed: 0 });
  });

  test('for a short time is counted on, one of a minute is not', async () => {
    for (const [delayMs, snoozes] of [
      [59_999, 8],
      [60_000, 7],
    ] as const) {
      const bench = await shop.open();
      const [seq = 0] = await bench.publish();
      await bench.remember(seq, 'main', { kind: 'SNOOZED', attempt: 1, until: isoOfMs(1), snoozes: 7 });
      bench.serve({ run: snoozed(delayMs) });
      await bench.saidAre('ATTEMPT_STARTED', 'run 1', 'SNOOZED', anyNak);
      expect((await bench.journal('SNOOZED')).at(-1)?.snoozes).toBe(snoozes);
    }
  });

  test('after the lease has lapsed gives nothing back: somebody else may have the message', async () => {
    const bench = await shop.open();
    const worker = bench.serve({ run: lapsing(bench, snoozed(90_000)) });
    await bench.publish();
    await eventually('it is recorded', () => worker.counter.counts.snoozed === 1);
    expect(bench.said).toEqual(['run 1', 'SNOOZED']);
  });
});

describe('a failure', () => {
  test('is recorded before the message goes back', async () => {
    const bench = await shop.open();
    const held = holdWrites(bench, 'ATTEMPT_FAILED');
    const worker = bench.serve({ run: failed });
    await bench.publish();
    await held.reached;
    expect(bench.said).toEqual(['run 1']);
    expect(worker.counter.counts.failed).toBe(0);
    held.open();
    await bench.saidAre('run 1', 'ATTEMPT_FAILED', anyNak);
    expect(worker.counter.counts).toMatchObject({ failed: 1, exhausted: 0 });
    expect(bench.events).toMatchObject([
      { type: 'attempt-failed', attempt: 1, limit: 3, retryInMs: 60_000, failure },
    ]);
  });

  test.each([
    [0, 54_000],
    [0.5, 60_000],
    [0.999_999, 66_000],
  ])('waits for its backoff, a tenth more or less as chance says (%f)', async (random, delayMs) => {
    const bench = await shop.open();
    bench.random = random;
    bench.serve({ run: failed });
    await bench.publish();
    await bench.saidAre('run 1', 'ATTEMPT_FAILED', `-NAK {"delay": ${delayMs}000000}`);
  });

  test('waits as long as its attempt says, and keeps when the first one failed', async () => {
    const bench = await shop.open();
    const [seq = 0] = await bench.publish();
    const firstFailedAt = '2027-01-01T00:00:00.000Z';
    await bench.remember(seq, 'main', {
      kind: 'ATTEMPT_FAILED',
      attempt: 1,
      error: failure,
      durationMs: 1,
      firstFailedAt,
    });
    bench.serve({ run: failed });
    await bench.saidAre('ATTEMPT_STARTED', 'run 2', 'ATTEMPT_FAILED', '-NAK {"delay": 120000000000}');
    expect((await bench.journal('ATTEMPT_FAILED')).at(-1)).toMatchObject({ attempt: 2, firstFailedAt });
  });

  test('that is the first says that it is', async () => {
    const bench = await shop.open();
    bench.serve({ run: failed });
    await bench.publish();
    await bench.saidAre('run 1', 'ATTEMPT_FAILED', anyNak);
    const at = isoOfMs(bench.now);
    expect(await bench.journal()).toMatchObject([{ at, firstFailedAt: at, deliveries: 1 }]);
  });

  test('after the lease has lapsed is recorded, and nothing is given back', async () => {
    const bench = await shop.open();
    refuseFirst(bench, 'ATTEMPT_FAILED');
    const worker = bench.serve({ run: lapsing(bench, failed) });
    await bench.publish();
    await eventually('it is recorded', () => worker.counter.counts.failed === 1);
    await worker.drained();
    expect(bench.said).toEqual(['run 1', 'ATTEMPT_FAILED']);
  });
});

describe('the last attempt', () => {
  test.each([
    ['of all', failed, 'MAX_DELIVERIES', failure, { attempts: 1, backoffMs: [] }, { failed: 1, rejected: 0 }],
    [
      'for good',
      rejected,
      'MSG_TERMINATED',
      rejection,
      { attempts: 3, backoffMs: [10] },
      { failed: 0, rejected: 1 },
    ],
  ] as const)('%s is one record that ends the stage, and then the message', async (...row) => {
    const [, outcome, kind, why, limits, counts] = row;
    const bench = await shop.open();
    const plan = { retry: { delayMs: 7, attempts: 2 } } as unknown as NonNullable<StageSpec['plan']>;
    const worker = bench.serve({ run: outcome, limits, plan });
    const [seq] = await bench.publish();
    await bench.saidAre('run 1', kind, '+ACK');
    expect(worker.counter.counts).toMatchObject({ ...counts, exhausted: 1 });
    expect(bench.events.map(({ type }) => type)).toEqual(['attempt-failed', 'exhausted']);
    expect(bench.events[0]).not.toHaveProperty('retryInMs');
    const at = isoOfMs(bench.now);
    expect((await bench.journal())[0]).toMatchObject({
      kind,
      attempt: 1,
      error: why,
      attempts: { main: 1, retry: 0 },
      failure: why,
      plan,
      firstFailedAt: at,
      stream_seq: seq,
      deliveries: 1,
    });
  });

  test('lets go of the message only when its record is stored', async () => {
    const bench = await shop.open();
    const held = holdWrites(bench, 'MAX_DELIVERIES');
    const worker = bench.serve({ run: failed, limits: once });
    await bench.publish();
    await held.reached;
    expect(bench.said).toEqual(['run 1']);
    expect(worker.counter.counts).toMatchObject({ failed: 0, exhausted: 0 });
    held.open();
    await bench.saidAre('run 1', 'MAX_DELIVERIES', '+ACK');
  });

  test('tells by itself that it failed, where somebody has ended the stage meanwhile', async () => {
    const bench = await shop.open();
    const held = holdWrites(bench, 'ATTEMPT_FAILED');
    bench.serve({
      limits: once,
      run: async ({ held: { delivery } }) => {
        await bench.remember(delivery.seq, 'main', { kind: 'MAX_DELIVERIES' });
        return failed();
      },
    });
    await bench.publish();
    await held.reached;
    expect(bench.said).toEqual(['run 1', 'MAX_DELIVERIES']);
    held.open();
    await bench.saidAre('run 1', 'MAX_DELIVERIES', 'ATTEMPT_FAILED', '+ACK');
    expect((await bench.journal()).map(({ kind }) => kind)).toEqual(['MAX_DELIVERIES', 'ATTEMPT_FAILED']);
  });

  test('is one record also where the answer of the server was lost, and it drops the second writing', async () => {
    const bench = await shop.open();
    let lost = false;
    bench.afterWrite = () => {
      if (lost) return;
      lost = true;
      throw unreachable();
    };
    const worker = bench.serve({ run: failed, limits: once });
    await bench.publish();
    await bench.saidAre('run 1', 'MAX_DELIVERIES', 'MAX_DELIVERIES', '+ACK');
    expect((await bench.journal()).map(({ kind }) => kind)).toEqual(['MAX_DELIVERIES']);
    expect(worker.counter.counts).toMatchObject({ failed: 1, exhausted: 1 });
  });

  test('that is refused for good comes back later, whatever becomes of telling that it failed', async () => {
    const bench = await shop.open();
    const worker = bench.serve({ run: failed, limits: once });
    bench.beforeWrite = (kind) => {
      if (kind === 'MAX_DELIVERIES') throw noStream('write the journal', undefined);
      worker.abandon();
      throw unreachable();
    };
    await bench.publish();
    await bench.saidAre('run 1', '-NAK {"delay": 5000000000}');
  });

  test('says nothing more once the drain is over and the server refuses: it comes back', async () => {
    const bench = await shop.open();
    refuseFirst(bench, 'MAX_DELIVERIES');
    const worker = bench.serve({
      limits: once,
      run: () => {
        worker.abandon();
        return failed();
      },
    });
    await bench.publish();
    await eventually('it ran', () => bench.said.length > 0);
    await worker.drained();
    expect(bench.said).toEqual(['run 1']);
    expect(await bench.journal()).toEqual([]);
  });

  test('after the lease has lapsed exhausts nothing that the server does not take at once', async () => {
    const bench = await shop.open();
    refuseFirst(bench, 'ATTEMPT_FAILED', 'MAX_DELIVERIES');
    const worker = bench.serve({ run: lapsing(bench, failed), limits: once });
    await bench.publish();
    await eventually('the failure is recorded', () => bench.said.length === 2);
    await worker.drained();
    expect(bench.said).toEqual(['run 1', 'ATTEMPT_FAILED']);
    expect(worker.counter.counts.exhausted).toBe(0);
  });

  test('of a retry stage counts the attempts before it, and keeps when the event first failed', async () => {
    const bench = await shop.open();
    const firstFailedAt = '2027-01-01T00:00:00.000Z';
    bench.serve({
      run: failed,
      limits: once,
      identify: ({ delivery: { stream, seq, subject, time } }) => ({
        task: {
          key: {
            tier: 'business',
            consumer: bench.consumer,
            origin: { stream, seq, subject, time },
            stage: 'retry',
            cycle: 2,
          },
          dueMs: 0,
          attemptsBefore: 3,
          firstFailedAt,
        },
      }),
    });
    await bench.publish();
    await bench.saidAre('run 1', 'MAX_DELIVERIES', '+ACK');
    expect(await bench.journal()).toMatchObject([
      { stage: 'retry', cycle: 2, firstFailedAt, attempts: { main: 3, retry: 1 } },
    ]);
  });
});

describe('a stage that ends without an attempt', () => {
  test('writes its exhaustion before it lets go of the message', async () => {
    const bench = await shop.open();
    const [seq = 0] = await bench.publishDelivered();
    await bench.remember(seq, 'main', { kind: 'ATTEMPT_STARTED', attempt: 1, alone: true });
    const held = holdWrites(bench, 'MAX_DELIVERIES');
    const worker = bench.serve({ run: ok, limits: once });
    await held.reached;
    expect(bench.said).toEqual([]);
    expect(worker.counter.counts.exhausted).toBe(0);
    held.open();
    await bench.saidAre('MAX_DELIVERIES', '+ACK');
    expect(worker.counter.counts).toMatchObject({ exhausted: 1, failed: 0 });
    expect(bench.events).toMatchObject([
      { type: 'exhausted', attempts: 1, kind: 'MAX_DELIVERIES', failure: { kind: 'no-report' } },
    ]);
  });
});

test.each([
  [1, { alone: true }],
  [3, {}],
])(
  'an announcement is stored before the attempt, and says whether it runs alone (%i)',
  async (attempts, facts) => {
    const bench = await shop.open();
    await bench.publishDelivered();
    const held = holdWrites(bench, 'ATTEMPT_STARTED');
    bench.serve({ run: ok, limits: { attempts, backoffMs: [10] } });
    await held.reached;
    expect(bench.said).toEqual([]);
    held.open();
    await bench.saidAre('ATTEMPT_STARTED', 'run 1', 'RESOLVED', '+ACK');
    const [record] = await bench.journal('ATTEMPT_STARTED');
    expect({ alone: false, ...record }).toMatchObject({ alone: false, attempt: 1, deliveries: 2, ...facts });
  },
);
