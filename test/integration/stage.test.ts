import { describe, expect, test } from 'vitest';
import { makeFailure } from '../../src/lib/domain/failure.js';
import type { Key } from '../../src/lib/domain/key.js';
import type { Outcome } from '../../src/lib/domain/outcome.js';
import { stageFilter } from '../../src/lib/domain/subjects.js';
import { deleteConsumer } from '../../src/lib/nats/objects.js';
import { UnreachableError } from '../../src/lib/nats/errors.js';
import type { Task } from '../../src/lib/waterfall/stages/case.js';
import type { StageSpec } from '../../src/lib/waterfall/stages/stage.js';
import type { HeldMessage } from '../../src/lib/waterfall/worker/held-message.js';
import { latch } from '../support/latch.js';
import { eventually } from '../support/eventually.js';
import { ackWaitMs, type Workbench, workshop } from '../support/workbench.js';

const shop = workshop();
const ok = (): Outcome => ({ kind: 'ok' });
const failure = makeFailure('error', 'Error', 'SES is down');
const failed = (): Outcome => ({ kind: 'failed', failure });
/** What differs in a retry stage. */
const retry = { trustsFirstDelivery: false, recordsSuccess: true } as const;

/** A task of a retry stage that a pointer asks for, about the delivered event itself. */
function pointed(bench: Workbench, facts: Partial<Task>): StageSpec['identify'] {
  return ({ delivery: { stream, seq, subject, time } }) => {
    const origin = { stream, seq, subject, time };
    const key: Key = { tier: 'business', consumer: bench.consumer, origin, stage: 'retry', cycle: 0 };
    return { task: { key, dueMs: 0, attemptsBefore: 3, ...facts } };
  };
}

const started = (attempt: number) => ({ kind: 'ATTEMPT_STARTED', attempt }) as const;
const failedOnce = (attempt: number) => ({ kind: 'ATTEMPT_FAILED', attempt, error: failure }) as const;

describe('a message that is not due', () => {
  test('goes back for the rest of its wait: nothing runs, and nothing is read or written', async () => {
    const bench = await shop.open();
    const worker = bench.serve({ run: ok, identify: pointed(bench, { dueMs: bench.now + 90_000 }) });
    await bench.publish();
    await bench.saidAre('-NAK {"delay": 90000000000}');
    expect(worker.counter.counts).toMatchObject({ delivered: 1, notDue: 1, succeeded: 0 });
    expect(bench.asked).toEqual([]);
  });

  test('runs at the very moment when it is due', async () => {
    const bench = await shop.open();
    const identify = pointed(bench, { dueMs: bench.now });
    bench.serve({ ...retry, run: ok, identify });
    await bench.publish();
    await bench.saidAre('ATTEMPT_STARTED', 'run 1', 'RESOLVED', '+ACK');
  });
});

describe('a first delivery', () => {
  test('costs no look at the journal where it is trusted, and nothing is written about its success', async () => {
    const bench = await shop.open();
    const worker = bench.serve({ run: ok }, { capacity: 1 });
    await bench.publish(3);
    await bench.saidAre('run 1', '+ACK', 'run 1', '+ACK', 'run 1', '+ACK');
    expect(bench.asked).toEqual([]);
    expect(worker.counter.counts).toMatchObject({ delivered: 3, succeeded: 3 });
  });

  test('once its consumer is known asks the server for nothing at all', async () => {
    const bench = await shop.open();
    const worker = bench.serve({ run: ok });
    await bench.publish();
    await bench.saidAre('run 1', '+ACK');
    worker.persist = () => Promise.reject(new Error('asked'));
    await bench.publish();
    await bench.saidAre('run 1', '+ACK', 'run 1', '+ACK');
  });

  test('where it is not trusted asks what has ended the key, and for no attempts', async () => {
    const bench = await shop.open();
    const past = stageFilter(bench.pipeline.places.journal.root, bench.consumer, 'retry');
    for (const seq of await bench.publish(2)) {
      await bench.remember(seq, 'main', { kind: 'RESOLVED', attempt: 3, late: true });
    }
    bench.serve({ ...retry, run: ok, past, identify: pointed(bench, {}) }, { capacity: 1 });
    await bench.saidAre('+ACK', '+ACK');
    expect(bench.events).toMatchObject([{ by: 'RESOLVED' }, { by: 'RESOLVED' }]);
    expect(bench.asked.filter((subject) => /ATTEMPT|SNOOZED/.test(subject))).toEqual([]);
  });

  test('of a message that was put back is none: its attempts go on, and the next is announced', async () => {
    const bench = await shop.open();
    const [seq = 0] = await bench.publish();
    await bench.remember(seq, 'retry', failedOnce(1));
    const worker = bench.serve({
      ...retry,
      run: ok,
      identify: pointed(bench, { putBack: true }),
    });
    await bench.saidAre('ATTEMPT_STARTED', 'run 2', 'RESOLVED', '+ACK');
    expect(worker.counter.counts.delivered).toBe(1);
  });

  test('of a message that was put back and left no trace is a later delivery: announced, and a suspect', async () => {
    const bench = await shop.open();
    await bench.publish();
    const worker = bench.serve({ ...retry, run: ok, identify: pointed(bench, { putBack: true }) });
    await worker.suspects.take();
    await eventually('it waits for the suspects', () => worker.suspects.waitingCount === 1);
    worker.suspects.give();
    await bench.saidAre('ATTEMPT_STARTED', 'run 1', 'RESOLVED', '+ACK');
  });

  test('of an event that an earlier consumer of the name has failed is recorded when it succeeds', async () => {
    const bench = await shop.open();
    const [seq = 0] = await bench.publish();
    await bench.remember(seq, 'main', failedOnce(1));
    bench.serve({ run: ok });
    await bench.saidAre('ATTEMPT_STARTED', 'run 2', 'RESOLVED', '+ACK');
  });
});

test('attempts from before the consumer was made do not count, and are not forgotten', async () => {
  const bench = await shop.open();
  const [seq = 0] = await bench.publish();
  await bench.remember(seq, 'main', failedOnce(2));
  await deleteConsumer(shop.link, 'events', bench.consumer);
  await bench.createConsumer();
  bench.serve({ run: ok });
  await bench.saidAre('run 1', 'RESOLVED', '+ACK');
});

describe('a later delivery', () => {
  test('is announced before it runs, and its success is recorded', async () => {
    const bench = await shop.open();
    await bench.publishDelivered();
    bench.serve({ run: ok });
    await bench.saidAre('ATTEMPT_STARTED', 'run 1', 'RESOLVED', '+ACK');
  });

  test('that left no report counts where handlers run, and not where nothing of ours can end the process', async () => {
    for (const runsHandlers of [true, false]) {
      const bench = await shop.open();
      const [seq = 0] = await bench.publishDelivered();
      await bench.remember(seq, 'main', started(1));
      bench.serve({ run: ok, runsHandlers });
      await bench.saidAre('ATTEMPT_STARTED', `run ${runsHandlers ? 2 : 1}`, 'RESOLVED', '+ACK');
    }
  });

  test('of an event that has ended is acknowledged, and nothing runs', async () => {
    const bench = await shop.open();
    const [seq = 0] = await bench.publishDelivered();
    await bench.remember(seq, 'main', { kind: 'RESOLVED', attempt: 1 });
    const worker = bench.serve({ run: ok });
    await bench.saidAre('+ACK');
    expect(worker.counter.counts).toMatchObject({ doneAlready: 1, succeeded: 0 });
    expect(bench.events).toMatchObject([{ type: 'done-already', by: 'RESOLVED' }]);
  });

  test('of one whose attempts are used up runs nothing: the exhaustion first, then the message', async () => {
    const bench = await shop.open();
    const [seq = 0] = await bench.publishDelivered();
    await bench.remember(seq, 'main', failedOnce(3));
    bench.serve({ run: ok });
    await bench.saidAre('MAX_DELIVERIES', '+ACK');
    const [record] = await bench.journal('MAX_DELIVERIES');
    expect(record).toMatchObject({ attempts: { main: 3, retry: 0 }, failure });
  });

  test('of one that may have waited before it was due is no suspect, and announced', async () => {
    const bench = await shop.open();
    await bench.publishDelivered();
    const identify = pointed(bench, { dueMs: 1 });
    const worker = bench.serve({ ...retry, run: ok, identify });
    await worker.suspects.take();
    await bench.saidAre('ATTEMPT_STARTED', 'run 1', 'RESOLVED', '+ACK');
  });
});

test('suspects run one at a time, whatever the concurrency; the others run beside them', async () => {
  const bench = await shop.open();
  const suspects = await bench.publishDelivered(2);
  const latches = suspects.map(latch);
  const running = new Set<number>();
  let most = 0;
  const worker = bench.serve({
    run: async ({ held }) => {
      const { seq, deliveries } = held.delivery;
      if (deliveries === 1) return ok();
      running.add(seq);
      most = Math.max(most, running.size);
      await latches[suspects.indexOf(seq)]?.opened;
      running.delete(seq);
      return ok();
    },
  });
  await eventually(
    'one runs, the other waits',
    () => running.size === 1 && worker.suspects.waitingCount === 1,
  );
  await bench.publish();
  await eventually('an innocent one has run', () => worker.counter.counts.succeeded === 1);
  for (const { open } of latches) open();
  await eventually('all have run', () => worker.counter.counts.succeeded === 3);
  expect(most).toBe(1);
});

describe('what a message needs before it runs', () => {
  test('its original is there before it is its turn: nobody waits alone for a server', async () => {
    const bench = await shop.open();
    const alone = { inside: false };
    await bench.admission.enter(alone, true);
    const original = { state: 'missing' } as const;
    bench.serve({
      fetch: async () => (bench.said.push('fetch'), original),
      run: (_current, _attempt, given) => (bench.said.push(given?.state ?? 'nothing'), ok()),
    });
    await bench.publish();
    await eventually('it waits for its turn', () => bench.admission.now.waiting === 1);
    expect(bench.said).toEqual(['fetch']);
    bench.admission.leave(alone);
    await bench.saidAre('fetch', 'run 1', 'missing', '+ACK');
  });

  test('what routes waits for nobody’s handler', async () => {
    const bench = await shop.open();
    await bench.admission.enter({ inside: false }, true);
    bench.serve({ run: ok, runsHandlers: false });
    await bench.publish();
    await bench.saidAre('run 1', '+ACK');
    expect(bench.admission.now.running).toBe(1);
  });

  test('one whose lease has lapsed meanwhile does not start, and nothing is said about it', async () => {
    const bench = await shop.open();
    const worker = bench.serve({ run: ok }, { concurrency: 1 });
    await worker.slots.take();
    await bench.publish();
    await eventually('it waits for a place', () => worker.slots.waitingCount === 1);
    bench.skip(ackWaitMs);
    worker.slots.give();
    await worker.drained();
    expect(bench.said).toEqual([]);
    expect(bench.events).toMatchObject([{ type: 'lease-lapsed' }]);
  });
});

test('a place and a turn are given back, whatever became of the attempt', async () => {
  const bench = await shop.open();
  const outcomes = [ok, failed, (): Outcome => ({ kind: 'snoozed', delayMs: 60_000 }), ok];
  const worker = bench.serve({ run: () => (outcomes.shift() ?? ok)() }, { concurrency: 1 });
  await bench.publish(4);
  await eventually('all have run', () => bench.said.filter((one) => one === 'run 1').length === 4);
  await worker.drained();
  expect(bench.admission.now.running).toBe(0);
  expect(worker.slots.tryTake()).toBe(true);
});

test('an attempt does not count as running while the server does not take its report', async () => {
  const bench = await shop.open();
  const running: number[] = [];
  let refusals = 1;
  bench.beforeWrite = () => {
    running.push(bench.admission.now.running);
    if (refusals-- > 0) throw new UnreachableError('write', undefined, 'no answer');
  };
  bench.serve({ run: failed });
  await bench.publish();
  await bench.saidAre('run 1', 'ATTEMPT_FAILED', expect.stringMatching(/^-NAK/) as string);
  expect(running).toEqual([1, 0]);
});

test('how long attempts took is counted, by the clock that never jumps', async () => {
  const bench = await shop.open();
  const worker = bench.serve({
    run: () => {
      bench.skip(5000);
      bench.now -= 3_600_000;
      return ok();
    },
  });
  await bench.publish();
  await bench.saidAre('run 1', '+ACK');
  const { attemptMs } = worker.counter.counts;
  expect(Math.floor(attemptMs / 1000)).toBe(5);
});

test('what no retry can read runs nothing: it is exhausted for good, after no attempt', async () => {
  const bench = await shop.open();
  const malformed = makeFailure('malformed', 'MalformedRecord', 'not JSON');
  bench.serve({ run: ok, identify: (held) => ({ ...pointed(bench, {})(held), failure: malformed }) });
  await bench.publish();
  await bench.saidAre('MSG_TERMINATED', '+ACK');
  const [record] = await bench.journal('MSG_TERMINATED');
  expect(record).toMatchObject({ attempts: { main: 3, retry: 0 }, failure: malformed });
});

describe('a process that stops', () => {
  /** Waits for a place, and the process stops; what is said then. */
  async function stopped(bench: Workbench, spec: Partial<StageSpec> = {}): Promise<readonly string[]> {
    const worker = bench.serve({ run: ok, ...spec }, { concurrency: 1, capacity: 1 });
    await worker.slots.take();
    await eventually('it waits', () => worker.slots.waitingCount + worker.suspects.waitingCount > 0);
    await worker.stopPulling();
    await worker.drained();
    return bench.said;
  }

  test('gives back what has not started, after the record that it does not count', async () => {
    const bench = await shop.open();
    await bench.publish();
    let fetched = 0;
    const fetch = async () => (fetched++, { state: 'missing' as const });
    expect(await stopped(bench, { fetch })).toEqual(['SNOOZED', '-NAK']);
    expect(await bench.journal('SNOOZED')).toMatchObject([{ attempt: 1, takenBack: true }]);
    expect(fetched).toBe(0);
  });

  test.each<[string, (bench: Workbench) => Promise<Partial<StageSpec>>]>([
    [
      'one that is suspected stays suspected',
      async (bench) => {
        await bench.publishDelivered();
        return {};
      },
    ],
    [
      'nobody suspects what runs no handler',
      async (bench) => {
        await bench.publish();
        return { runsHandlers: false };
      },
    ],
    [
      'its records tell the next process enough',
      async (bench) => {
        const [seq = 0] = await bench.publishDelivered();
        await bench.remember(seq, 'main', failedOnce(1));
        return {};
      },
    ],
    [
      'one that may have waited is never suspected for silence',
      async (bench) => {
        await bench.publish();
        return { ...retry, identify: pointed(bench, { dueMs: 1 }) };
      },
    ],
  ])('gives back without a record where none is needed: %s', async (_why, prepare) => {
    const bench = await shop.open();
    expect(await stopped(bench, await prepare(bench))).toEqual(['-NAK']);
  });

  test('takes back what was announced while the drain ran out, and does not run it', async () => {
    const bench = await shop.open();
    await bench.publishDelivered();
    const write = latch();
    let kinds: string[] = [];
    bench.beforeWrite = (kind) => {
      kinds = [...kinds, kind];
      return kind === 'ATTEMPT_STARTED' ? write.opened : undefined;
    };
    const worker = bench.serve({ run: ok }, { capacity: 1 });
    await eventually('it is being announced', () => kinds.includes('ATTEMPT_STARTED'));
    await worker.stopPulling();
    worker.abandon();
    write.open();
    await bench.saidAre('ATTEMPT_STARTED', 'SNOOZED', '-NAK');
  });

  test.each([
    ['a failure of what was taken back is not reported', failed, ['run 1']],
    ['a success is recorded, though its message was given back', ok, ['run 1', 'RESOLVED', '+ACK']],
  ])('%s', async (_what, outcome, said) => {
    const bench = await shop.open();
    const worker = bench.serve({
      run: ({ held }: { readonly held: HeldMessage }) => {
        held.takenBack = true;
        return outcome();
      },
    });
    await bench.publish();
    await eventually('it ran', () => bench.said.length >= said.length);
    await worker.drained();
    expect(bench.said).toEqual(said);
  });
});
