import fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { Position } from '../../../src/lib/domain/consumer-position.js';
import type { Key } from '../../../src/lib/domain/key.js';
import {
  nothingKnown,
  recordsBehindLetter,
  recordsBeyond,
  recordsOfCycle,
  recordsOfEnd,
  type Wanted,
} from '../../../src/lib/domain/standing-records.js';
import { cycleOf, rankOf, sayingOf, stepAt } from '../../../src/lib/domain/standing-step.js';
import {
  isBeyond,
  type Standing,
  type StandingFacts,
  standingOf,
  standingOfLetter,
  type StandingRecord,
} from '../../../src/lib/domain/standing.js';
import { recordKinds } from '../../../src/lib/domain/record-kinds.js';
import { property } from '../../support/property.js';

const origin = { stream: 'events', seq: 42, subject: 'events.a', time: '1795227599252314333' };
const stages = ['main', 'retry', 'dlq'] as const;
const maxCycle = 2;

function keyAt(stage: Key['stage'], cycle: number): Key {
  return { tier: 'business', consumer: 'c', origin, stage, cycle };
}

const cycle = fc.integer({ min: 0, max: maxCycle });

const ofArchive: readonly string[] = ['ARCHIVED', 'RESTORED'];

/** Any record, those that no worker writes included. */
const anyRecord: fc.Arbitrary<StandingRecord> = fc
  .record({
    kind: fc.constantFrom(...recordKinds),
    stage: fc.constantFrom(...stages),
    cycle,
    to: fc.constantFrom('retry', 'dlq', undefined),
    moves: fc.boolean(),
    archive: fc.constantFrom('one', 'two'),
  })
  .map(({ kind, stage, cycle, to, moves, archive }) => ({
    kind,
    stage,
    cycle,
    ...(kind === 'ROUTED' && to ? { to } : {}),
    ...(kind === 'MOVED' && moves ? { movedTo: 'other' } : {}),
    ...(ofArchive.includes(kind) ? { archive } : {}),
  }));

/** A record as the pipeline writes them: a main stage in the first cycle only, each kind where it belongs. */
const written: fc.Arbitrary<StandingRecord> = anyRecord.map((record) => {
  const { kind, cycle } = record;
  if (kind === 'REPLAYED') return { ...record, stage: 'dlq', cycle: Math.max(1, cycle) };
  if (kind === 'DISCARDED' || ofArchive.includes(kind)) return { ...record, stage: 'dlq' };
  if (kind === 'MOVED') return { ...record, stage: record.stage === 'main' ? 'retry' : record.stage };
  const stage = cycle > 0 || record.stage !== 'main' ? 'retry' : 'main';
  return kind === 'ROUTED' && stage === 'retry' ? { ...record, stage, to: 'dlq' } : { ...record, stage };
});

const records = fc.array(written, { maxLength: 8 });
const pointer = fc.option(cycle, { nil: undefined, freq: 2 });

const facts: fc.Arbitrary<StandingFacts> = fc
  .record({
    records: fc.oneof(records, fc.array(anyRecord, { maxLength: 8 })),
    waiting: pointer,
    dead: pointer,
    archived: fc.option(fc.oneof(cycle, fc.constant('none' as const)), { nil: undefined }),
    due: fc.constantFrom(0, 5, 10),
    position: fc.constantFrom<(Position | 'none' | undefined)[]>(
      'acked',
      'waiting',
      'unknown',
      'none',
      undefined,
    ),
    beforeStart: fc.boolean(),
    external: fc.boolean(),
    provesNothing: fc.boolean(),
  })
  .map(({ waiting, dead, archived, due, ...rest }) => ({
    ...rest,
    nowMs: 5,
    ...(waiting === undefined ? {} : { waiting: { cycle: waiting, notBeforeMs: due } }),
    ...(dead === undefined ? {} : { dead: { cycle: dead } }),
    ...(archived === undefined ? {} : { archived: archived === 'none' ? archived : { cycle: archived } }),
  }));

const withoutMoves = ({ records }: StandingFacts) =>
  records.every(({ kind }) => kind !== 'MOVED' && !ofArchive.includes(kind));

/** All but what depends on which of several alike was the last. */
function place(standing: Standing): object {
  const { is } = standing;
  return 'cycle' in standing
    ? { is, cycle: standing.cycle, at: 'at' in standing ? standing.at : null }
    : { is };
}

function furthestCycle({ records, waiting, dead, archived }: StandingFacts): number {
  const kept = typeof archived === 'object' ? archived.cycle : -1;
  const told = records.flatMap((record) => sayingOf(record) ?? []).map(cycleOf);
  return Math.max(-1, ...told, waiting?.cycle ?? -1, dead?.cycle ?? -1, kept);
}

describe('standingOf', () => {
  property('does not depend on the order in which records were stored, moves and archivings apart', () =>
    fc.property(
      facts
        .filter(withoutMoves)
        .chain((one) =>
          fc.tuple(
            fc.constant(one),
            fc.shuffledSubarray([...one.records], { minLength: one.records.length }),
          ),
        ),
      ([one, shuffled]) => {
        expect(place(standingOf({ ...one, records: shuffled }))).toEqual(place(standingOf(one)));
      },
    ),
  );

  property('is of the furthest cycle that anything tells of', () =>
    fc.property(facts, (one) => {
      const standing = standingOf(one);
      const furthest = furthestCycle(one);
      if ('cycle' in standing) expect(standing.cycle).toBe(furthest);
      else if (furthest >= 0) expect(['waiting', 'let-go', 'no-consumer']).toContain(standing.is);
    }),
  );

  property('a success ends its cycle, whatever else is said of that', () =>
    fc.property(facts, fc.constantFrom('main', 'retry'), (one, stage) => {
      const before = Math.max(0, furthestCycle(one));
      const record = { kind: 'RESOLVED', stage, cycle: before } as const;
      const { is } = standingOf({ ...one, records: [...one.records, record] });
      expect(is).toBe(one.dead?.cycle === before ? 'resolved-late' : 'resolved');
    }),
  );

  property('a replay begins a cycle behind all that was, and a discard ends one', () =>
    fc.property(facts, (one) => {
      const before = furthestCycle(one);
      const replayed = { kind: 'REPLAYED', stage: 'dlq', cycle: before + 1 } as const;
      expect(standingOf({ ...one, records: [...one.records, replayed] })).toMatchObject({
        is: 'broken',
        cycle: before + 1,
      });
      const waiting = { cycle: before + 1, notBeforeMs: 0 };
      expect(standingOf({ ...one, waiting })).toMatchObject({ is: 'retrying', cycle: before + 1 });
      const dead = { cycle: before + 1 };
      expect(standingOf({ ...one, dead })).toMatchObject({ is: 'dead', cycle: before + 1 });
      const discarded = { kind: 'DISCARDED', stage: 'dlq', cycle: before + 1 } as const;
      expect(standingOf({ ...one, dead, records: [...one.records, discarded] })).toMatchObject({
        is: 'discarded',
        letterLeft: true,
      });
    }),
  );

  property('more records never bring an event back to an earlier cycle', () =>
    fc.property(facts, written, (one, more) => {
      const [before, after] = [standingOf(one), standingOf({ ...one, records: [...one.records, more] })];
      if ('cycle' in after) expect(after.cycle).toBeGreaterThanOrEqual('cycle' in before ? before.cycle : -1);
    }),
  );
});

describe('steps', () => {
  property('have a rank that says all of them', () =>
    fc.property(fc.nat({ max: 1_000_000 }), (rank) => {
      expect(rankOf(stepAt(rank))).toBe(rank);
    }),
  );
});

const asks = (wanted: readonly Wanted[], { kind, stage, cycle }: StandingRecord): boolean =>
  wanted.some(([key, of]) => of === kind && key.stage === stage && key.cycle === cycle);

describe('what is asked for', () => {
  const exhausted = fc
    .record({ stage: fc.constantFrom('main', 'retry'), cycle })
    .map(({ stage, cycle }) => keyAt(cycle > 0 ? 'retry' : stage, cycle));

  property('before a stage is routed again: all that says that it moved on, and that alone decides', () =>
    fc.property(exhausted, written, (x, record) => {
      const beyond = isBeyond(record, x);
      const asked = asks(recordsBeyond(x, 'dlq', nothingKnown), record);
      // A pointer that is there is found when it is written, and a routing follows an end that is asked for, a restore an archiving.
      const found = record.kind.startsWith('ATTEMPT') || record.kind === 'SNOOZED';
      const follows = record.kind === 'RESTORED' || (record.kind === 'ROUTED' && record.stage !== x.stage);
      if (beyond && !found && !follows && record.cycle === x.cycle) expect(asked).toBe(true);
      if (asked && record.kind !== 'MOVED') expect(beyond).toBe(true);
    }),
  );

  property('of a dead letter: enough to say the same as all records do', () =>
    fc.property(records, cycle, (all, letter) => {
      // What is behind the next cycle has a dead letter of its own.
      const near = all.filter(
        (record) =>
          record.cycle <= letter + 1 &&
          !(record.cycle > letter && ['ROUTED', 'DISCARDED', 'MOVED', ...ofArchive].includes(record.kind)),
      );
      const counted = near.filter(
        ({ kind, cycle }) => cycle <= letter || (!kind.startsWith('ATTEMPT') && kind !== 'SNOOZED'),
      );
      const asked = counted.filter((record) => asks(recordsBehindLetter(keyAt('dlq', letter)), record));
      expect(standingOfLetter(letter, asked)).toEqual(standingOfLetter(letter, counted));
    }),
  );

  property('of a cycle: enough to say where it stands, but for its attempts', () =>
    fc.property(records, pointer, pointer, (all, waiting, dead) => {
      const at = {
        ...(waiting === undefined ? {} : { waiting: { cycle: waiting, notBeforeMs: 0 } }),
        ...(dead === undefined ? {} : { dead: { cycle: dead } }),
      };
      const counted = all.filter(({ kind }) => !kind.startsWith('ATTEMPT') && kind !== 'SNOOZED');
      const whole = standingOf({ records: counted, ...at });
      if (!('cycle' in whole)) return;
      const asked = counted.filter((record) => asks(recordsOfCycle(keyAt('retry', whole.cycle)), record));
      expect(standingOf({ records: asked, ...at })).toEqual(whole);
    }),
  );

  property('before an attempt: what ends its stage', () =>
    fc.property(exhausted, written, (key, record) => {
      if (asks(recordsOfEnd(key), record))
        expect(['RESOLVED', 'MAX_DELIVERIES', 'MSG_TERMINATED']).toContain(record.kind);
      if (record.kind === 'RESOLVED' && record.cycle === key.cycle && record.stage === key.stage)
        expect(asks(recordsOfEnd(key), record)).toBe(true);
    }),
  );
});
