import type { Pipeline } from '../../src/lib/pipeline/pipeline.js';
import { placesOf } from '../../src/lib/pipeline/places.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import { movePointers, planMove } from '../../src/lib/dlq/move.js';
import { writePointer } from '../../src/lib/pointers/write-pointer.js';
import { discardDeadLetters, planDiscard } from '../../src/lib/dlq/discard.js';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { suggestCommand } from '../../src/lib/suggestion.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { explainEvent } from '../../src/lib/events/explain/explain.js';
import { buryEvent, journal, Killed, killedAfter, makePointer, originAt } from '../support/dead-letters.js';
import { makeConsumer } from '../support/config.js';
import { eventually } from '../support/eventually.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { replay } from '../support/replay.js';

const from = 'billing';
const to = 'invoices';
const move = { from, to };
/** Pointer, two records, deletion: it can be killed before the first and between any two. */
const kills = [0, 1, 2, 3];

/** A pipeline whose consumer `billing` was renamed to `invoices`, which begins with what comes later. */
async function renamedBed(): Promise<TestBed> {
  return testBed({ consumers: [makeConsumer({ name: to, start: { at: 'new' } })] });
}

function tools(bed: TestBed, link = bed.link): Pipeline {
  return pipelineOf(link, bed.config, { identity: { operator: 'ada@test' } });
}

/** An event that `billing` could not process: exhausted, routed, and waiting for its retry, or dead. */
async function failed(bed: TestBed, where: 'retry' | 'dlq'): Promise<void> {
  const origin = await originAt(bed, await bed.publish('totp.requested'));
  const key = { tier: 'business', consumer: from, origin, stage: 'main', cycle: 0 } as const;
  const overrides = { consumer: from, stage: where, attempts: { main: 3, retry: 0 } } as const;
  const pointer = makePointer(origin, overrides);
  const { failure, attempts, firstFailedAt, lastFailedAt, advisory } = pointer;
  const { type, id, timestamp, stream, stream_seq, deliveries } = advisory;
  const told = { type, id, timestamp, stream, stream_seq, deliveries };
  await journal(bed, key, {
    kind: 'MAX_DELIVERIES',
    failure,
    attempts,
    firstFailedAt,
    lastFailedAt,
    ...told,
  });
  await journal(bed, key, { kind: 'ROUTED', to: where });
  if (where === 'dlq') await buryEvent(bed, origin, overrides);
  else await writePointer(bed.link, placesOf(bed.config).retry, pointer);
}

async function killed(bed: TestBed, writes: number): Promise<void> {
  await expect(movePointers(tools(bed, killedAfter(bed.link, writes)), move)).rejects.toThrow(Killed);
}

/** Runs the new consumer; gives what its retry stage was called for. */
async function running(bed: TestBed): Promise<string[]> {
  const called: string[] = [];
  await bed.run({
    [to]: async (event, { consumer, stage, cycle, attempt }) => {
      if (stage === 'retry') called.push(`${consumer}/${event.seq} cycle ${cycle} attempt ${attempt}`);
    },
  });
  return called;
}

async function clean(bed: TestBed): Promise<void> {
  const { report } = await verifyPipeline(pipelineOf(bed.link, bed.config));
  expect(report.problems).toEqual([]);
}

describe.each(kills)('a move killed after %i writes and run again', (writes) => {
  it('leaves one waiting retry, which the new consumer runs once', async () => {
    const bed = await renamedBed();
    await failed(bed, 'retry');
    await killed(bed, writes);
    expect(await movePointers(tools(bed), move)).toEqual({ ...move, moved: 1, skipped: [] });
    expect(await bed.parked(from, 1)).toBeUndefined();
    await clean(bed);
    const called = await running(bed);
    await bed.quiet();
    expect(called).toEqual([`${to}/1 cycle 0 attempt 1`]);
    await clean(bed);
  });

  it('does not bring back a retry that was processed in between', async () => {
    const bed = await renamedBed();
    await failed(bed, 'retry');
    await killed(bed, writes);
    const called = await running(bed);
    await bed.quiet();
    await movePointers(tools(bed), move);
    await bed.quiet();
    expect(called).toEqual([`${to}/1 cycle 0 attempt 1`]);
    await clean(bed);
  });

  it('leaves one dead letter, which a replay takes', async () => {
    const bed = await renamedBed();
    await failed(bed, 'dlq');
    await killed(bed, writes);
    await movePointers(tools(bed), move);
    expect(await bed.dead(from, 1)).toBeUndefined();
    expect(await bed.dead(to, 1)).toMatchObject({ pointer: { consumer: to, cycle: 0 } });
    await clean(bed);
    const called = await running(bed);
    expect(await replay(bed, undefined, { waitMs: 15_000 })).toMatchObject({ replayed: 1, resolved: 1 });
    expect(called).toEqual([`${to}/1 cycle 1 attempt 1`]);
    await clean(bed);
  });

  it('does not bring back a dead letter that was replayed in between', async () => {
    const bed = await renamedBed();
    await failed(bed, 'dlq');
    await killed(bed, writes);
    const called = await running(bed);
    if (writes > 0) {
      const ids = [`${to}/1`];
      expect(await replay(bed, { ids }, { waitMs: 15_000 })).toMatchObject({ resolved: 1 });
    }
    await movePointers(tools(bed), move);
    expect(await bed.dead(from, 1)).toBeUndefined();
    expect(await bed.dead(to, 1)).toEqual(writes > 0 ? undefined : expect.anything());
    expect(called).toHaveLength(writes > 0 ? 1 : 0);
    await clean(bed);
  });
});

describe('a dead letter that an interrupted move has left, its old name back in the config', () => {
  async function leftBehind(): Promise<TestBed> {
    const bed = await testBed({
      consumers: [makeConsumer({ name: to }), makeConsumer({ name: from })],
    });
    await failed(bed, 'dlq');
    // The new pointer and both records: only the deletion is missing.
    await killed(bed, 3);
    return bed;
  }

  it("is not replayed: its event is the other consumer's now", async () => {
    const bed = await leftBehind();
    const { skipped } = await replay(bed);
    expect(skipped).toMatchObject([
      { id: 'billing/1', reason: expect.stringContaining('moved to invoices') },
    ]);
    expect(await bed.parked(from, 1)).toBeUndefined();
    expect(await bed.parked(to, 1)).toBeDefined();
  });

  it('can be discarded, as explain and the refusal of its replay say', async () => {
    const bed = await leftBehind();
    const pipeline = tools(bed);
    const discard = suggestCommand('dlq discard', {
      args: ['billing/1'],
      flags: { reason: { blank: 'text' } },
    });
    const { consumers, next } = await explainEvent(pipeline, 'billing/1');
    expect(consumers).toMatchObject([{ consumer: from, state: 'moved' }]);
    expect(next.filter((step) => step.consumer === from)).toMatchObject([{ suggestions: [discard] }]);
    await expect(planReplay(pipeline, { ids: ['billing/1'] })).resolves.toMatchObject({
      skipped: [{ suggestions: [{ ...discard, why: expect.any(String) }] }],
    });
    const plan = await planDiscard(pipeline, { ids: ['billing/1'] });
    expect(await discardDeadLetters(pipeline, plan, { note: 'moved' })).toMatchObject({ discarded: 1 });
    expect(await bed.dead(from, 1)).toBeUndefined();
    expect(await bed.dead(to, 1)).toBeDefined();
  });
});

it.each(['retry', 'dlq'] as const)(
  'away and back: a pointer in the %s stream is there still',
  async (where) => {
    const bed = await renamedBed();
    await failed(bed, where);
    await movePointers(tools(bed), move);
    const config = { ...bed.config, consumers: [makeConsumer({ name: from })] };
    const back = { ...tools(bed), config };
    expect(await movePointers(back, { from: to, to: from })).toMatchObject({ moved: 1 });
    expect(await (where === 'dlq' ? bed.dead(from, 1) : bed.parked(from, 1))).toBeDefined();
    if (where === 'dlq')
      expect(await planReplay(back, { ids: ['billing/1'] })).toMatchObject({ skipped: [] });
    // And away again.
    expect(await movePointers(tools(bed), move)).toMatchObject({ moved: 1 });
    expect(await (where === 'dlq' ? bed.dead(to, 1) : bed.parked(to, 1))).toBeDefined();
    const { consumers } = await explainEvent(tools(bed), 'billing/1');
    expect(consumers).toMatchObject([{ state: 'moved' }]);
  },
);

it('is told by the journal, for both consumers', async () => {
  const bed = await renamedBed();
  await failed(bed, 'dlq');
  const before = await verifyPipeline(pipelineOf(bed.link, bed.config));
  expect(before.report.problems).toMatchObject([{ kind: 'stranded', id: 'billing/1' }]);
  await movePointers(tools(bed), move);
  const { consumers, next } = await explainEvent(pipelineOf(bed.link, bed.config), '1');
  const told = consumers.map(({ consumer, state, history }) => [consumer, state, history.at(-1)?.text]);
  expect(told).toEqual([
    [to, 'dead', `moved from billing by ada@test`],
    [from, 'moved', `moved to invoices by ada@test`],
  ]);
  expect(next.map(({ consumer }) => consumer)).not.toContain(from);
});

it('never gives an event to a consumer that does not read it', async () => {
  const bed = await testBed({
    consumers: [makeConsumer({ name: to, subjects: ['events.invoice.>'], start: { at: 'new' } })],
  });
  await failed(bed, 'dlq');
  await failed(bed, 'retry');
  expect(await movePointers(tools(bed), move)).toEqual({
    ...move,
    moved: 0,
    skipped: [
      { id: 'billing/2', reason: 'invoices does not read events.totp.requested' },
      { id: 'billing/1', reason: 'invoices does not read events.totp.requested' },
    ],
  });
  expect(await bed.dead(from, 1)).toBeDefined();
  expect(await bed.parked(from, 2)).toBeDefined();
});

it('keeps the further one where the new consumer has a dead letter of the same event', async () => {
  const bed = await renamedBed();
  await failed(bed, 'dlq');
  await buryEvent(bed, await originAt(bed, 1), { consumer: to, cycle: 2 });
  await movePointers(tools(bed), move);
  expect(await bed.dead(to, 1)).toMatchObject({ pointer: { cycle: 2 } });
  expect(await bed.dead(from, 1)).toBeUndefined();
});

it.each([
  [{ from: to, to: from }, 'USAGE'],
  [{ from, to: 'invoice' }, 'USAGE'],
  [{ from: 'meta-consumer', to }, 'USAGE'],
  [{ from: 'a.b', to }, 'USAGE'],
])('refuses %j', async (wrong, code) => {
  const bed = await renamedBed();
  await expect(planMove(pipelineOf(bed.link, bed.config), wrong)).rejects.toMatchObject({
    code,
    exitCode: 2,
  });
});

it('refuses while somebody runs the old consumer', async () => {
  const old = await testBed({ consumers: [makeConsumer({ name: from })] });
  await old.run({ [from]: async () => {} });
  await eventually('it is run', async () => {
    return ((await old.link.consumerInfo('events-retry', 'billing-retry'))?.num_waiting ?? 0) > 0;
  });
  const config = { ...old.config, consumers: [makeConsumer({ name: to })] };
  await expect(planMove(pipelineOf(old.link, config), move)).rejects.toMatchObject({ code: 'MOVE_REFUSED' });
});
