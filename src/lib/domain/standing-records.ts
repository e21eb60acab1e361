import { atStage, type Key } from './key.js';
import { exhaustionKinds, type RecordKind, stageEnds } from './record-kinds.js';

/**
 * Which records decide: each list is what one question to the journal asks for, by exact subjects. What the records
 * say is in `standing.ts`; who asks less than all gets the same answer as far as it goes.
 */

/** A kind of record about a key. */
export type Wanted = readonly [Key, RecordKind];

const kinds = (key: Key, ...wanted: readonly RecordKind[]): Wanted[] => wanted.map((kind) => [key, kind]);

/** Its handler succeeded in this cycle, in this stage or one before: the main stage has a part in the first only. */
export function recordsOfSuccess(key: Key): Wanted[] {
  const own = atStage(key, key.stage === 'main' ? 'main' : 'retry');
  const late = own.stage === 'retry' && key.cycle === 0 ? kinds(atStage(key, 'main'), 'RESOLVED') : [];
  return [...kinds(own, 'RESOLVED'), ...late];
}

/** What ends a stage: nothing more is run for it. A late success in main ends the retry of the same event too. */
export function recordsOfEnd(key: Key): Wanted[] {
  const [, ...late] = recordsOfSuccess(key);
  return [...kinds(key, ...stageEnds), ...late];
}

/** What counts the attempts of a stage. */
export function recordsOfAttempts(key: Key): Wanted[] {
  return kinds(key, 'ATTEMPT_STARTED', 'ATTEMPT_FAILED', 'SNOOZED');
}

/** What the one who routes an exhaustion knows already. */
export interface WhatIsKnown {
  /** Nobody can have begun to route this very telling of it. */
  readonly firstTime: boolean;
  /** Nobody has told of it before. */
  readonly firstTelling: boolean;
}

export const nothingKnown: WhatIsKnown = { firstTime: false, firstTelling: false };

/**
 * Any one of these means that an exhaustion has been dealt with: it is not routed. When nobody has tried to route it
 * before, only a second telling of it or a late success can stand in the way; the retry stage looks for the latter
 * itself, and behind the DLQ nobody looks any more.
 */
export function recordsBeyond(
  x: Key,
  to: 'retry' | 'dlq',
  { firstTime, firstTelling }: WhatIsKnown,
): Wanted[] {
  if (!firstTime) return allBeyond(x);
  if (to === 'dlq') return [...kinds(x, 'ROUTED'), ...recordsOfSuccess(x)];
  return firstTelling ? [] : kinds(x, 'ROUTED');
}

function allBeyond(x: Key): Wanted[] {
  const retry = atStage(x, 'retry');
  return [
    ...kinds(x, 'ROUTED'),
    ...recordsOfSuccess(x),
    ...(x.stage === 'main' ? kinds(retry, ...stageEnds) : []),
    ...kinds(retry, 'MOVED'),
    // Of a main stage too: a dead letter of the meta tier was given up, and this exhaustion with it.
    // What is archived must not be in the DLQ too; and what was restored has been routed.
    ...kinds(atStage(x, 'dlq'), 'DISCARDED', 'MOVED', 'ARCHIVED'),
    ...kinds(atStage(x, 'dlq', x.cycle + 1), 'REPLAYED'),
  ];
}

/** Cycles in which an event is looked for whose success counts. */
const mostCycles = 5;

/**
 * Whether an event was processed by now: what any failure of its main stage leaves, and each success. A success of a cycle
 * beyond these is not found.
 */
export function recordsOfProcessed(main: Key): Wanted[] {
  const cycles = Array.from({ length: mostCycles }, (_, cycle) => cycle);
  return [
    ...recordsOfAttempts(main),
    ...recordsOfMainEnd(main),
    ...cycles.flatMap((cycle) => kinds(atStage(main, 'retry', cycle), 'RESOLVED')),
  ];
}

/** What says that a main stage has ended, whoever tells of it: the server's word about it is then no news. */
export function recordsOfMainEnd(key: Key): Wanted[] {
  return [...kinds(key, ...exhaustionKinds, 'ROUTED'), ...recordsOfSuccess(key)];
}

/**
 * What became of a dead letter: replayed as far as that came, resolved after all, discarded, archived and restored, or
 * moved to another consumer, from the DLQ or before it came there.
 */
export function recordsBehindLetter(key: Key): Wanted[] {
  const rest = atStage(key, 'dlq');
  const replayed = kinds(atStage(key, 'dlq', key.cycle + 1), 'REPLAYED');
  // The meta tier has neither stages nor cycles of its own: a replay of it routes the record.
  if (key.tier === 'meta') return [...replayed, ...kinds(rest, 'DISCARDED', 'ARCHIVED', 'RESTORED')];
  return [
    ...replayed,
    ...kinds(atStage(key, 'retry', key.cycle + 1), ...stageEnds),
    ...recordsOfSuccess(key),
    ...kinds(atStage(key, 'retry'), 'MOVED'),
    ...kinds(rest, 'DISCARDED', 'MOVED', 'ARCHIVED', 'RESTORED'),
  ];
}

const anyLetter: Key = {
  tier: 'business',
  consumer: '',
  origin: { stream: '', seq: 0, subject: '', time: '0' },
  stage: 'dlq',
  cycle: 0,
};

/** Most that is asked for about one dead letter: the main stage has a part in the first cycle only. */
export const mostBehindLetter = recordsBehindLetter(anyLetter).length;

/** What says how a cycle ended to someone who waits for that: a success, or its routing to the DLQ. */
export function recordsOfOutcome(key: Key): Wanted[] {
  return [...recordsOfSuccess(key), ...kinds(atStage(key, 'retry'), 'ROUTED')];
}

/**
 * Any one of these means that a moved pointer was written under its new name before, but for a move away from that
 * name (`isMoveAway`): it is coming back.
 */
export function recordsBehindMove(key: Key): Wanted[] {
  return key.stage === 'dlq'
    ? [
        ...kinds(key, 'MOVED', 'DISCARDED', 'ARCHIVED'),
        ...kinds(atStage(key, 'dlq', key.cycle + 1), 'REPLAYED'),
      ]
    : kinds(key, 'MOVED', ...stageEnds);
}

/** All that says how far an event is in a cycle, its attempts apart, and whether the next cycle has begun. */
export function recordsOfCycle(key: Key): Wanted[] {
  const { cycle } = key;
  const routed = (stage: 'main' | 'retry'): Wanted[] => kinds(atStage(key, stage), ...stageEnds, 'ROUTED');
  const rest = atStage(key, 'dlq');
  const next = cycle + 1;
  return [
    ...(cycle === 0 ? routed('main') : kinds(rest, 'REPLAYED')),
    ...routed('retry'),
    ...kinds(atStage(key, 'retry'), 'MOVED'),
    ...kinds(rest, 'DISCARDED', 'MOVED', 'ARCHIVED', 'RESTORED'),
    ...kinds(atStage(key, 'dlq', next), 'REPLAYED'),
    ...kinds(atStage(key, 'retry', next), ...stageEnds),
  ];
}
