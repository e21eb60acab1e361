import { describe, expect, it } from 'vitest';
import { Reject, Snooze } from '../../src/lib/domain/outcome.js';
import type { BatchContext, BatchHandler, Handler, PlutomiEvent } from '../../src/lib/handlers/contract.js';
import { consumer } from '../support/dead-letters.js';
import { type TestBed, testBed, type TestRun } from '../support/pipeline.js';
import { replay } from '../support/replay.js';

const batch = { size: 5, waitMs: 100 };
const consumers = [{ name: consumer, batch, concurrency: 1 }];
type N = { readonly n: number };

async function publish(bed: TestBed, count: number, from = 1): Promise<void> {
  for (let n = from; n < from + count; n++) await bed.publish('totp.requested', { n });
}

function run(
  bed: TestBed,
  handle: (events: readonly PlutomiEvent<N>[], context: BatchContext) => ReturnType<BatchHandler>,
): Promise<TestRun> {
  return bed.run({ [consumer]: handle as unknown as Handler });
}

const numbersOf = (events: readonly PlutomiEvent<N>[]): number[] => events.map(({ data }) => data.n);

describe('a consumer with batch', () => {
  it('gets what is there in batches, and leaves no record of what succeeds', async () => {
    const bed = await testBed({ consumers });
    await publish(bed, 12);
    const batches: number[][] = [];
    const handle = await run(bed, (events) => void batches.push(numbersOf(events)));
    await handle.until(() => batches.flat().length === 12);
    await bed.quiet();
    expect(batches.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(Math.max(...batches.map(({ length }) => length))).toBe(batch.size);
    expect(await bed.journal()).toEqual([]);
  });

  it('keeps what becomes of each event apart: done, failed, snoozed, rejected', async () => {
    const bed = await testBed({ consumers });
    const attempts: string[] = [];
    const handle = await run(bed, (events, context) => {
      for (const event of events) {
        const { attempt, idempotencyKey } = context.attemptOf(event);
        expect(idempotencyKey).toContain(`${consumer}/events/${event.seq}/`);
        attempts.push(`${context.stage} ${event.data.n} ${attempt}`);
      }
      return events.map((event) => {
        const { attempt } = context.attemptOf(event);
        if (event.data.n === 1) return new Reject('never');
        if (event.data.n === 2) return new Error('always');
        return event.data.n === 3 && context.stage === 'main' && attempt === 1
          ? new Error('once')
          : undefined;
      });
    });
    await publish(bed, 5);
    await handle.until(() => handle.count('exhausted') === 3);
    await bed.quiet();
    const dead = async (seq: number) => (await bed.dead(consumer, seq))?.pointer;
    expect(await dead(1)).toMatchObject({ failure: { kind: 'rejected', message: 'never' } });
    expect(await dead(2)).toMatchObject({ failure: { message: 'always' }, attempts: { main: 3, retry: 3 } });
    for (const seq of [3, 4, 5]) expect(await dead(seq)).toBeUndefined();
    expect(attempts.filter((line) => line.includes(' 2 '))).toEqual(
      ['main', 'retry'].flatMap((stage) => [1, 2, 3].map((attempt) => `${stage} 2 ${attempt}`)),
    );
    expect(attempts.filter((line) => line.includes(' 4 '))).toEqual(['main 4 1']);
  });

  it('snoozes what asks for that, without an attempt', async () => {
    const bed = await testBed({ consumers });
    const seen: number[] = [];
    const handle = await run(
      bed,
      (events, context) =>
        new Map(
          events.map((event) => {
            seen.push(context.attemptOf(event).attempt);
            return [event, seen.length === 1 ? new Snooze('100ms') : undefined];
          }),
        ),
    );
    await publish(bed, 1);
    await handle.until(() => seen.length === 2);
    expect(seen).toEqual([1, 1]);
    await bed.quiet();
  });

  it('runs the last attempt of each by itself: one that always throws takes no other with it', async () => {
    const bed = await testBed({
      consumers: [
        {
          ...consumers[0],
          name: consumer,
          retry: { enabled: false, delayMs: 0, attempts: 3, backoffMs: [20] },
        },
      ],
    });
    const done = new Set<number>();
    const sizes: number[] = [];
    const handle = await run(bed, (events) => {
      sizes.push(events.length);
      if (numbersOf(events).includes(3)) throw new Error('3 is broken');
      for (const n of numbersOf(events)) done.add(n);
    });
    await publish(bed, 5);
    await handle.until(() => done.size === 4 && handle.count('exhausted') === 1);
    await bed.quiet();
    expect([...done].toSorted((a, b) => a - b)).toEqual([1, 2, 4, 5]);
    expect((await bed.dead(consumer, 3))?.pointer.failure.message).toBe('3 is broken');
    expect((await bed.link.streamInfo('events-dlq'))?.state.messages).toBe(1);
  });

  it('retries and replays through the same handler, what is due together', async () => {
    const bed = await testBed({ consumers });
    let isBroken = true;
    const handled: number[][] = [];
    const handle = await run(bed, (events, { stage }) => {
      if (isBroken) return events.map(() => new Reject('still down'));
      if (stage === 'retry') handled.push(numbersOf(events));
      return undefined;
    });
    await publish(bed, 5);
    await handle.until(() => handle.count('exhausted') === 5);
    await bed.quiet();
    isBroken = false;
    expect(await replay(bed)).toMatchObject({ replayed: 5 });
    await handle.until(() => handled.flat().length === 5);
    await bed.quiet();
    expect(handled.some(({ length }) => length > 1)).toBe(true);
    expect((await bed.journal('RESOLVED')).map(({ record }) => record.cycle)).toEqual([1, 1, 1, 1, 1]);
  });

  it('leaves out what has a payload of another form, and rejects that alone', async () => {
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof (value as Partial<N>).n === 'number' ? { value } : { issues: [{ message: 'no n' }] },
      },
    };
    const events = [{ type: 'totp.requested', subject: 'events.totp.requested', schema }];
    const bed = await testBed({ consumers, events });
    const seen: number[] = [];
    const handle = await run(bed, (all) => void seen.push(...numbersOf(all)));
    await publish(bed, 2);
    await bed.publish('totp.requested', { other: true });
    await publish(bed, 2, 4);
    await handle.until(() => seen.length === 4 && handle.count('exhausted') === 1);
    await bed.quiet();
    expect((await bed.dead(consumer, 3))?.pointer.failure).toMatchObject({ kind: 'schema' });
  });

  it('that times out has failed for all, and counts as one handler that never ended', async () => {
    const slow = [{ ...consumers[0], name: consumer, timeoutMs: 150, attempts: 1, backoffMs: [] }];
    const bed = await testBed({ consumers: slow });
    let isSlow = true;
    const done: number[] = [];
    const handle = await run(bed, async (events, { signal }) => {
      if (isSlow) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      else done.push(...numbersOf(events));
    });
    await publish(bed, 5);
    await handle.until(() => handle.count('exhausted') === 5);
    isSlow = false;
    await handle.until(() => done.length === 5);
    await bed.quiet();
    const failures = (await bed.journal('MAX_DELIVERIES')).map(({ record }) => record.failure?.kind);
    expect(failures).toEqual(Array.from({ length: 5 }, () => 'timeout'));
  });

  it('begins what it has gathered when it is told to stop, and loses nothing', async () => {
    const patient = [{ name: consumer, batch: { size: 100, waitMs: 60_000 }, concurrency: 1 }];
    const bed = await testBed({ consumers: patient });
    const done: number[] = [];
    const handle = await run(bed, (events) => void done.push(...numbersOf(events)));
    await publish(bed, 5);
    await handle.until(
      () => handle.pipeline.snapshot().stages.some(({ running }) => running.length === 5),
      'all are gathered',
    );
    await handle.stop(20_000);
    expect(done.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
    await bed.quiet();
    expect(await bed.journal('ATTEMPT_FAILED')).toEqual([]);
  });
});
