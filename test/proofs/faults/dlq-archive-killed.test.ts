import { describe, expect, it } from 'vitest';
import { planReplay } from '../../../src/lib/dlq/replay/plan-replay.js';
import { explainEvent } from '../../../src/lib/events/explain/explain.js';
import { verifyPipeline } from '../../../src/lib/verify/verify.js';
import {
  archive,
  carryOutVerb,
  countLetters,
  operatorOf,
  planOf,
  restore,
  type Verb,
} from '../../support/archive.js';
import { bury, consumer, Killed, killedAfter, seen } from '../../support/dead-letters.js';
import { type TestBed, testBed } from '../../support/pipeline.js';
import { everything, replay } from '../../support/replay.js';

const id = `${consumer}/1`;
const archivedOnes = { filters: { status: 'archived' } } as const;

async function kill(bed: TestBed, verb: Verb, writes: number): Promise<void> {
  const plan = await planOf(bed, verb);
  await expect(carryOutVerb(bed, verb, plan, killedAfter(bed.link, writes))).rejects.toThrow(Killed);
}

async function run(bed: TestBed, verb: Verb) {
  return carryOutVerb(bed, verb, await planOf(bed, verb));
}

/** A dead letter, of which an archiving, a restore, or a discard of an archived one was killed. */
async function killedBed(verb: Verb, writes: number): Promise<TestBed> {
  const bed = await testBed();
  await bury(bed);
  if (verb !== 'archive') await archive(bed);
  await kill(bed, verb, writes);
  return bed;
}

async function problemsOf(bed: TestBed): Promise<readonly unknown[]> {
  return (await verifyPipeline(operatorOf(bed))).report.problems;
}

const stateOf = async (bed: TestBed) => (await explainEvent(operatorOf(bed), id)).consumers[0]?.state;

const writesOf = { archive: 3, restore: 3, discard: 2 } as const;
const ends = {
  archive: { dead: 0, archived: 1 },
  restore: { dead: 1, archived: 0 },
  discard: { dead: 0, archived: 0 },
} as const;
const states = { archive: 'archived', restore: 'dead', discard: 'discarded' } as const;
const done = { archive: 'archived', restore: 'restored', discard: 'discarded' } as const;
const cases = (['archive', 'restore', 'discard'] as const).flatMap((verb) =>
  Array.from({ length: writesOf[verb] }, (_, writes) => [verb, writes] as const),
);

describe.each(cases)('dlq %s killed after %i writes', (verb, writes) => {
  it('loses nothing, and run again does what is left', async () => {
    const bed = await killedBed(verb, writes);
    expect(await problemsOf(bed)).toEqual([]);
    await kill(bed, verb, 0);
    expect(await run(bed, verb)).toMatchObject({ selected: 1, [done[verb]]: 1, skipped: [] });
    expect(await countLetters(bed)).toEqual(ends[verb]);
    expect(await stateOf(bed)).toBe(states[verb]);
    expect(await problemsOf(bed)).toEqual([]);
    const kinds = (await bed.journal('ARCHIVED', 'RESTORED', 'DISCARDED')).map(({ record }) => record.kind);
    expect(kinds).toEqual([
      'ARCHIVED',
      ...{ archive: [], restore: ['RESTORED'], discard: ['DISCARDED'] }[verb],
    ]);
  });
});

describe('what an archiving that was killed leaves', () => {
  it.each([1, 2])('after %i writes is restored, whatever is in the DLQ still', async (writes) => {
    const bed = await killedBed('archive', writes);
    expect(await countLetters(bed)).toEqual({ dead: 1, archived: 1 });
    expect(await restore(bed)).toMatchObject({ restored: 1, skipped: [] });
    expect(await countLetters(bed)).toEqual(ends.restore);
    expect(await stateOf(bed)).toBe('dead');
    expect(await replay(bed)).toMatchObject({ replayed: 1 });
  });

  it('is replayed before it is recorded, and then what is archived is left over', async () => {
    const bed = await killedBed('archive', 1);
    expect(await replay(bed)).toMatchObject({ replayed: 1, skipped: [] });
    expect(await stateOf(bed)).toBe('retrying');
    expect((await planOf(bed, 'restore')).skipped).toEqual([
      { id, reason: expect.stringContaining('it was replayed'), suggestions: expect.any(Array) },
    ]);
    expect(await problemsOf(bed)).toEqual([]);
    expect(await run(bed, 'discard')).toMatchObject({ discarded: 1, skipped: [] });
    // The event goes on: only what was kept of it is gone.
    expect(await stateOf(bed)).toBe('retrying');
    expect(await bed.journal('DISCARDED')).toEqual([]);
    expect(await countLetters(bed)).toEqual({ dead: 0, archived: 0 });
  });

  it('is not replayed and not discarded once it is recorded', async () => {
    const bed = await killedBed('archive', 2);
    expect(await stateOf(bed)).toBe('archived');
    const reason = expect.stringContaining('its archiving, or its restore, was interrupted');
    expect((await planReplay(operatorOf(bed), everything)).skipped).toEqual([{ id, reason }]);
    expect((await planOf(bed, 'discard', everything)).skipped).toEqual([{ id, reason }]);
    expect((await planOf(bed, 'discard')).skipped).toEqual([{ id, reason }]);
  });
});

describe('what a restore that was killed leaves', () => {
  it.each([1, 2])('after %i writes is archived again', async (writes) => {
    const bed = await killedBed('restore', writes);
    expect(await countLetters(bed)).toEqual({ dead: 1, archived: 1 });
    expect(await archive(bed)).toMatchObject({ archived: 1, skipped: [] });
    expect(await countLetters(bed)).toEqual(ends.archive);
    expect(await stateOf(bed)).toBe('archived');
    expect(await restore(bed)).toMatchObject({ restored: 1 });
    expect(await stateOf(bed)).toBe('dead');
  });

  it('is not archived any more, when it was replayed meanwhile: run again, it ends', async () => {
    const bed = await killedBed('restore', 2);
    expect(await replay(bed)).toMatchObject({ replayed: 1, skipped: [] });
    expect(await restore(bed)).toMatchObject({ restored: 1, skipped: [] });
    expect(await countLetters(bed)).toEqual({ dead: 0, archived: 0 });
    expect(await stateOf(bed)).toBe('retrying');
    expect(await bed.journal('RESTORED')).toHaveLength(1);
  });
});

it('a discard of an archived one that was killed is not restored', async () => {
  const bed = await killedBed('discard', 1);
  expect((await planOf(bed, 'restore')).skipped).toMatchObject([
    { id, reason: 'its discard was interrupted: discard it again' },
  ]);
  const { next } = await explainEvent(operatorOf(bed), id);
  expect(next[0]?.text).toBe('its dead letter is left over from what was interrupted');
});

describe('two at once', () => {
  it('a restore between the writes of an archiving loses nothing', async () => {
    for (const writes of [1, 2]) {
      const bed = await testBed();
      await bury(bed);
      let left = writes;
      const link = seen(bed.link, ['publish', 'deleteMessage'], async () => {
        if (left-- === 0) await restore(bed);
      });
      await archive(bed, everything, { link });
      const { dead, archived } = await countLetters(bed);
      expect(dead + archived).toBe(1);
      await archive(bed);
      expect(await countLetters(bed)).toEqual(ends.archive);
      expect(await problemsOf(bed)).toEqual([]);
    }
  });

  it('an archiving between the writes of a restore loses nothing', async () => {
    for (const writes of [1, 2]) {
      const bed = await testBed();
      await bury(bed);
      await archive(bed);
      let left = writes;
      const link = seen(bed.link, ['publish', 'deleteMessage'], async () => {
        if (left-- === 0) await archive(bed);
      });
      await restore(bed, archivedOnes, link);
      expect(await problemsOf(bed)).toEqual([]);
      await archive(bed);
      expect(await countLetters(bed)).toEqual(ends.archive);
      await restore(bed);
      expect(await countLetters(bed)).toEqual(ends.restore);
      expect(await stateOf(bed)).toBe('dead');
    }
  });

  it('many that archive and restore the same leave each in one place', async () => {
    const bed = await testBed();
    const count = 10;
    for (let i = 0; i < count; i++) await bury(bed);
    const twice = async (work: () => Promise<unknown>): Promise<void> => {
      for (let i = 0; i < 3; i++) await work();
    };
    await Promise.all([
      twice(() => archive(bed)),
      twice(() => restore(bed)),
      twice(() => archive(bed)),
      twice(() => restore(bed)),
    ]);
    expect(await problemsOf(bed)).toEqual([]);
    await archive(bed);
    expect(await countLetters(bed)).toEqual({ dead: 0, archived: count });
    await restore(bed);
    expect(await countLetters(bed)).toEqual({ dead: count, archived: 0 });
    expect(await replay(bed)).toMatchObject({ replayed: count, skipped: [] });
  });
});
