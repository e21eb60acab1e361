import { describe, expect, it } from 'vitest';
import { archiveDeadLetters } from '../../src/lib/dlq/archive/archive.js';
import { restoreDeadLetters } from '../../src/lib/dlq/archive/restore.js';
import { discardDeadLetters } from '../../src/lib/dlq/discard.js';
import { movePointers } from '../../src/lib/dlq/move.js';
import type { LetterPlan } from '../../src/lib/dlq/plan/plan-letters.js';
import type { RecordKind } from '../../src/lib/domain/record-kinds.js';
import type { Pipeline } from '../../src/lib/pipeline/pipeline.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { archive, planOf, type Verb } from '../support/archive.js';
import { makeConsumer } from '../support/config.js';
import { connectTo } from '../support/connect.js';
import { bury, consumer, seen } from '../support/dead-letters.js';
import { type Latch, latch } from '../support/latch.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { everything } from '../support/replay.js';
import { machine } from '../support/tasks.js';

interface Told {
  readonly task: string;
  readonly done: number;
  readonly reasons: readonly string[];
}

/** Bob, who is held before his n-th write until he is released. */
async function held(bed: TestBed, writes: number, reached: Latch, released: Latch): Promise<Pipeline> {
  let left = writes;
  const link = seen(await connectTo(bed.server.url), ['publish', 'deleteMessage'], async () => {
    if (left-- > 0) return;
    reached.open();
    await released.opened;
  });
  return machine(bed, 'bob', link);
}

/** Ada does all of it while Bob waits before his n-th write. */
async function atOnce<T>(
  bed: TestBed,
  writes: number,
  work: (pipeline: Pipeline) => Promise<T>,
): Promise<{ readonly ada: T; readonly bob: T }> {
  const [reached, released] = [latch(), latch()];
  const late = work(await held(bed, writes, reached, released));
  await reached.opened;
  const ada = await work(machine(bed, 'ada'));
  released.open();
  return { ada, bob: await late };
}

async function carryOut(pipeline: Pipeline, verb: Verb, plan: LetterPlan): Promise<Told> {
  const task = `${verb}-${pipeline.identity.operator}`;
  const options = { task, note: 'at once' };
  const result =
    verb === 'archive'
      ? await archiveDeadLetters(pipeline, plan, options)
      : verb === 'restore'
        ? await restoreDeadLetters(pipeline, plan, options)
        : await discardDeadLetters(pipeline, plan, options);
  const done =
    'archived' in result ? result.archived : 'restored' in result ? result.restored : result.discarded;
  return { task, done, reasons: result.skipped.map(({ reason }) => reason) };
}

describe.each([
  { verb: 'archive', of: 'dead', did: 'archived', kind: 'ARCHIVED', writes: [0], left: [1, 2] },
  { verb: 'restore', of: 'archived', did: 'restored', kind: 'RESTORED', writes: [0, 1], left: [2] },
  { verb: 'discard', of: 'dead', did: 'discarded', kind: 'DISCARDED', writes: [0], left: [1] },
  { verb: 'discard', of: 'archived', did: 'discarded', kind: 'DISCARDED', writes: [0], left: [1] },
] as const)('two that $verb one dead letter ($of) at once', ({ verb, of, did, kind, writes, left }) => {
  it.each(writes)('are told apart as the journal does: one waits after %i writes', async (written) => {
    const bed = await testBed();
    await bury(bed);
    if (of === 'archived') await archive(bed);
    const plan = await planOf(bed, verb, of === 'archived' ? undefined : everything);
    const { ada, bob } = await atOnce(bed, written, (pipeline) => carryOut(pipeline, verb, plan));
    const tasks = (await bed.journal(kind satisfies RecordKind)).map(({ record }) => record.task);
    expect(tasks).toHaveLength(1);
    const [doer, other] = tasks[0] === ada.task ? [ada, bob] : [bob, ada];
    expect(doer).toEqual({ task: tasks[0], done: 1, reasons: [] });
    expect(other).toMatchObject({ done: 0, reasons: [`it was ${did} by ${doer.task}`] });
    expect((await verifyPipeline(machine(bed))).report.problems).toEqual([]);
  });

  // To Ada, who waits is the same as who was killed.
  it.each(left)(
    'have both done it where one begins it and the other one ends it: after %i writes',
    async (written) => {
      const bed = await testBed();
      await bury(bed);
      if (of === 'archived') await archive(bed);
      const plan = await planOf(bed, verb, of === 'archived' ? undefined : everything);
      const { ada, bob } = await atOnce(bed, written, (pipeline) => carryOut(pipeline, verb, plan));
      expect((await bed.journal(kind)).map(({ record }) => record.task)).toEqual([bob.task]);
      expect([ada, bob]).toMatchObject([
        { done: 1, reasons: [] },
        { done: 1, reasons: [] },
      ]);
      expect((await verifyPipeline(machine(bed))).report.problems).toEqual([]);
    },
  );
});

describe('two that move one dead letter at once', () => {
  it.each([0, 1, 2, 3])('are told apart: one waits after %i writes', async (written) => {
    const bed = await testBed({ consumers: [makeConsumer({ name: 'invoices' })] });
    await bury(bed);
    const move = { from: consumer, to: 'invoices' };
    const { ada, bob } = await atOnce(bed, written, (pipeline) => movePointers(pipeline, move));
    expect(ada).toEqual({ ...move, moved: 1, skipped: [] });
    const reason = 'it is gone meanwhile: somebody else has moved it at the same time, or ended it';
    expect(bob).toEqual({ ...move, moved: 0, skipped: [{ id: `${consumer}/1`, reason }] });
    expect(await bed.dead('invoices', 1)).toBeDefined();
    expect(await bed.dead(consumer, 1)).toBeUndefined();
  });
});
