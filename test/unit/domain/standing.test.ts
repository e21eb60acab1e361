import { describe, expect, test } from 'vitest';
import {
  isBeyond,
  leadsTo,
  lookUntilSure,
  outcomeBy,
  type Standing,
  type StandingFacts,
  standingOf,
  standingOfLetter,
} from '../../../src/lib/domain/standing.js';

const nowMs = 1_795_227_700_000;

type Records = StandingFacts['records'];

const failed: Records = [{ kind: 'ATTEMPT_FAILED', stage: 'main', cycle: 0, attempt: 1 }];
const exhausted: Records = [...failed, { kind: 'MAX_DELIVERIES', stage: 'main', cycle: 0 }];
const parked: Records = [...exhausted, { kind: 'ROUTED', stage: 'main', cycle: 0, to: 'retry' }];
const resolved: Records = [...parked, { kind: 'RESOLVED', stage: 'retry', cycle: 0 }];
const used: Records = [...parked, { kind: 'MAX_DELIVERIES', stage: 'retry', cycle: 0 }];
const dead: Records = [...used, { kind: 'ROUTED', stage: 'retry', cycle: 0, to: 'dlq' }];
const discarded: Records = [...dead, { kind: 'DISCARDED', stage: 'dlq', cycle: 0 }];
const replayed: Records = [...dead, { kind: 'REPLAYED', stage: 'dlq', cycle: 1 }];
const again: Records = [...dead, { kind: 'MAX_DELIVERIES', stage: 'retry', cycle: 1 }];
const moved: Records = [...dead, { kind: 'MOVED', stage: 'dlq', cycle: 0, movedTo: 'its-new-name' }];
const movedHere: Records = [{ kind: 'MOVED', stage: 'retry', cycle: 0 }];

const isoAt = (ms: number): string => new Date(ms).toISOString();
const diedAt = (ms: number): Records => [
  ...used,
  { kind: 'ROUTED', stage: 'retry', cycle: 0, to: 'dlq', at: isoAt(ms) },
];
const restoredAt = (ms: number): Records => [
  ...diedAt(0),
  { kind: 'ARCHIVED', stage: 'dlq', cycle: 0, archive: 'a', at: isoAt(1) },
  { kind: 'RESTORED', stage: 'dlq', cycle: 0, archive: 'a', at: isoAt(ms) },
];

describe('standingOf', () => {
  const cases: [Standing['is'], Partial<StandingFacts>][] = [
    ['acknowledged', {}],
    ['no-trace', { provesNothing: true }],
    ['waiting', { position: 'waiting', provesNothing: true }],
    ['waiting', { position: 'waiting' }],
    ['let-go', { external: true }],
    ['let-go', { external: true, records: failed }],
    ['waiting', { external: true, position: 'waiting' }],
    ['unknown', { position: 'unknown' }],
    ['before-start', { beforeStart: true }],
    ['no-consumer', { position: 'none' }],
    ['no-consumer', { position: 'none', records: failed }],
    ['waiting', { records: failed, position: 'waiting' }],
    ['failing', { records: failed, position: 'unknown' }],
    ['broken', { records: failed }],
    ['exhausted', { records: exhausted }],
    ['parked', { records: parked, waiting: { cycle: 0, notBeforeMs: nowMs + 1 } }],
    ['retrying', { records: parked, waiting: { cycle: 0, notBeforeMs: nowMs } }],
    ['retrying', { records: [], waiting: { cycle: 0, notBeforeMs: nowMs } }],
    ['broken', { records: parked }],
    // Not in the retry stage any more; where the main stage's consumer is says nothing about it.
    ['broken', { records: [{ kind: 'ATTEMPT_FAILED', stage: 'retry', cycle: 1 }], position: 'unknown' }],
    ['resolved', { records: resolved }],
    ['resolved', { records: resolved, waiting: { cycle: 0, notBeforeMs: 0 } }],
    ['exhausted', { records: used, waiting: { cycle: 0, notBeforeMs: 0 } }],
    ['exhausted', { records: used }],
    ['dead', { records: dead, dead: { cycle: 0 } }],
    ['dead', { records: dead, dead: { cycle: 0 }, waiting: { cycle: 0, notBeforeMs: 0 } }],
    ['broken', { records: dead }],
    ['aged-out', { records: diedAt(nowMs - 60_000), letterLifeMs: 60_000 }],
    // By the clocks of others it may have gone a little earlier.
    ['aged-out', { records: diedAt(nowMs - 54_000), letterLifeMs: 60_000 }],
    ['aged-out', { records: restoredAt(nowMs - 60_000), letterLifeMs: 60_000, archived: 'none' }],
    ['broken', { records: diedAt(nowMs - 53_999), letterLifeMs: 60_000 }],
    ['broken', { records: diedAt(nowMs - 60_000) }],
    ['broken', { records: dead, letterLifeMs: 60_000 }],
    // It came back later than it died.
    ['broken', { records: restoredAt(nowMs - 1000), letterLifeMs: 60_000, archived: 'none' }],
    ['dead', { records: diedAt(nowMs - 60_000), letterLifeMs: 60_000, dead: { cycle: 0 } }],
    [
      'discarded',
      { records: [...diedAt(0), { kind: 'DISCARDED', stage: 'dlq', cycle: 0 }], letterLifeMs: 1 },
    ],
    ['resolved-late', { records: resolved, dead: { cycle: 0 } }],
    ['discarded', { records: discarded }],
    ['discarded', { records: discarded, dead: { cycle: 0 } }],
    ['moved', { records: moved }],
    ['moved', { records: moved, dead: { cycle: 0 } }],
    ['dead', { records: [...moved, { kind: 'MOVED', stage: 'dlq', cycle: 0 }], dead: { cycle: 0 } }],
    ['broken', { records: movedHere, position: 'unknown' }],
    ['retrying', { records: movedHere, waiting: { cycle: 0, notBeforeMs: 0 } }],
    ['retrying', { records: replayed, waiting: { cycle: 1, notBeforeMs: 0 }, dead: { cycle: 0 } }],
    ['broken', { records: replayed }],
    ['broken', { records: replayed, dead: { cycle: 0 } }],
    ['exhausted', { records: again, dead: { cycle: 0 } }],
    ['resolved', { records: [...replayed, { kind: 'RESOLVED', stage: 'retry', cycle: 1 }] }],
    ['resolved', { records: [...dead, { kind: 'RESOLVED', stage: 'retry', cycle: 1 }], dead: { cycle: 0 } }],
  ];
  test.each(cases)('%s', (expected, facts) => {
    expect(standingOf({ records: [], position: 'acked', nowMs, ...facts }).is).toBe(expected);
  });

  test('says how often its stage has failed, and until when it is snoozed', () => {
    const records: Records = [
      ...failed,
      { kind: 'SNOOZED', stage: 'main', cycle: 0, attempt: 2, until: '2026-11-29T00:00:00.000Z' },
    ];
    const snoozed = { attempts: 1, snoozedUntil: '2026-11-29T00:00:00.000Z' };
    expect(standingOf({ records, position: 'unknown' })).toEqual({ is: 'failing', cycle: 0, ...snoozed });
    const started: Records = [...records, { kind: 'ATTEMPT_STARTED', stage: 'main', cycle: 0, attempt: 2 }];
    expect(standingOf({ records: started, position: 'unknown' })).toMatchObject({ snoozedUntil: null });
    const waiting = { cycle: 0, notBeforeMs: 0 };
    expect(standingOf({ records: parked, waiting })).toMatchObject({ is: 'retrying', attempts: 0 });
  });

  test('says that a dead letter is left by what was interrupted', () => {
    expect(standingOf({ records: discarded, dead: { cycle: 0 } })).toMatchObject({ letterLeft: true });
    expect(standingOf({ records: discarded })).toMatchObject({ letterLeft: false });
  });

  test('says which stage is used up', () => {
    expect(standingOf({ records: exhausted })).toEqual({ is: 'exhausted', cycle: 0, stage: 'main' });
    expect(standingOf({ records: used })).toEqual({ is: 'exhausted', cycle: 0, stage: 'retry' });
  });
});

test('leadsTo: for good and from the retry stage to the DLQ, else as the plan says', () => {
  const main = { kind: 'MAX_DELIVERIES', stage: 'main' } as const;
  const plan = { retry: { delayMs: 0, attempts: 1 } };
  expect(leadsTo(main, plan)).toBe('retry');
  expect(leadsTo(main, { retry: false })).toBe('dlq');
  expect(leadsTo({ ...main, kind: 'MSG_TERMINATED' }, plan)).toBe('dlq');
  expect(leadsTo({ ...main, stage: 'retry' }, plan)).toBe('dlq');
});

describe('lookUntilSure', () => {
  function looking(...standings: Standing[]): () => Promise<{ standing: Standing }> {
    return async () => ({ standing: standings.shift() ?? { is: 'unknown' } });
  }
  const toRetry = standingOf({ records: parked });
  const toDlq = standingOf({ records: dead });

  test('looks once where nothing seems lost', async () => {
    const look = looking({ is: 'waiting' }, toRetry);
    expect(await lookUntilSure(look)).toEqual({ standing: { is: 'waiting' } });
    expect(await look()).toEqual({ standing: toRetry });
  });

  test('takes for lost what two looks find at the same step, not what moved on', async () => {
    expect(await lookUntilSure(looking(toRetry, toRetry))).toEqual({ standing: toRetry });
    expect(await lookUntilSure(looking(toRetry, toDlq, { is: 'dead', cycle: 0 }))).toEqual({
      standing: { is: 'dead', cycle: 0 },
    });
    expect(await lookUntilSure(looking(toRetry, toDlq, toDlq))).toEqual({ standing: toDlq });
  });
});

test('isBeyond: a pointer that was moved here is behind a main stage, not behind the retry stage that had it', () => {
  const here = { kind: 'MOVED', stage: 'retry', cycle: 0 } as const;
  expect(isBeyond(here, { stage: 'main', cycle: 0 })).toBe(true);
  expect(isBeyond(here, { stage: 'retry', cycle: 0 })).toBe(false);
  expect(isBeyond({ ...here, movedTo: 'its-new-name' }, { stage: 'retry', cycle: 0 })).toBe(true);
});

test('standingOfLetter: replayed is what any later cycle says', () => {
  expect(standingOfLetter(0, dead)).toEqual({ is: 'dead' });
  expect(standingOfLetter(0, replayed)).toEqual({ is: 'replayed', journaled: true });
  expect(standingOfLetter(0, again)).toEqual({ is: 'replayed', journaled: false });
  expect(standingOfLetter(1, replayed)).toEqual({ is: 'dead' });
});

test('standingOfLetter: of moves the last one counts, and says where its event is', () => {
  expect(standingOfLetter(0, moved)).toEqual({ is: 'moved', to: 'its-new-name' });
  expect(standingOfLetter(0, [...moved, { kind: 'MOVED', stage: 'dlq', cycle: 0 }])).toEqual({ is: 'dead' });
});

test('outcomeBy: what ends a wait', () => {
  expect(outcomeBy({ kind: 'RESOLVED', stage: 'main', cycle: 0 })).toBe('resolved');
  expect(outcomeBy({ kind: 'ROUTED', stage: 'retry', cycle: 1, to: 'dlq' })).toBe('deadAgain');
  expect(outcomeBy({ kind: 'ROUTED', stage: 'main', cycle: 0, to: 'retry' })).toBeUndefined();
  expect(outcomeBy({ kind: 'MAX_DELIVERIES', stage: 'retry', cycle: 1 })).toBeUndefined();
});
