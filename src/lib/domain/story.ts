import type { Stage } from './key.js';
import { isExhaustion, type RecordKind } from './record-kinds.js';

/** What of a record says where it stands in the story of one event and one consumer. */
export interface Told {
  /** Of the journal: when it happened to be stored. */
  readonly journalSeq: number;
  readonly kind: RecordKind;
  readonly stage: Stage;
  readonly cycle: number;
  readonly attempt?: number | null | undefined;
  readonly late?: boolean | undefined;
  readonly movedTo?: string | undefined;
}

/**
 * Records of one event and one consumer in the order in which one led to the other: by cycle, by stage, by attempt.
 * When they were stored does not say it: a replay and a routing are recorded after their pointer is written, and who
 * takes up that pointer may be faster.
 */
export function inOrderOfStory<T extends Told>(records: readonly T[]): T[] {
  const lives = livesOf(records);
  return records.toSorted((a, b) => {
    const [x, y] = [placeOf(a, lives), placeOf(b, lives)];
    for (const [i, place] of x.entries()) {
      const difference = place - (y[i] ?? 0);
      if (difference !== 0) return difference;
    }
    return a.journalSeq - b.journalSeq;
  });
}

/** A sequence for each that keeps this order, near the ones of the journal: for the stories of several consumers. */
export function mergedOrder(ordered: readonly Told[]): number[] {
  let highest = 0;
  return ordered.map(({ journalSeq }) => {
    highest = Math.max(highest, journalSeq);
    return highest;
  });
}

type Lives = ReadonlyMap<Told, number>;

/** Cycle, stage, step of the stage, life, attempt. */
function placeOf(record: Told, lives: Lives): readonly number[] {
  const { cycle, attempt } = record;
  const step = stepOf(record);
  const counted = step === 0 ? [lives.get(record) ?? 0, attempt ?? 0] : [0, 0];
  return [cycle, stageOf(record), step, ...counted];
}

/** Attempts, what ended them, where that led to; and who succeeded when nobody waited for it any more. A move is first or last. */
function stepOf({ kind, late, movedTo }: Told): number {
  if (kind === 'MOVED') return movedTo === undefined ? -1 : 4;
  if (isExhaustion(kind)) return 1;
  if (kind === 'ROUTED') return 2;
  return kind === 'RESOLVED' && late === true ? 3 : 0;
}

/** An edit and its replay begin their cycle; all else that is said of a dead letter ends one. */
function stageOf({ kind, stage }: Told): number {
  if (kind === 'EDITED') return -1;
  if (kind === 'REPLAYED') return 0;
  return stage === 'main' ? 1 : stage === 'retry' ? 2 : 3;
}

/**
 * A consumer that was made anew counts from 1 again, and a lease that lapsed lets two run the same attempt: a report
 * of an attempt that was reported before, or of an earlier one, begins another count.
 */
function livesOf(records: readonly Told[]): Lives {
  const lives = new Map<Told, number>();
  const counts = new Map<string, { life: number; reported: number }>();
  for (const record of records.toSorted((a, b) => a.journalSeq - b.journalSeq)) {
    const { kind, stage, cycle, attempt } = record;
    if (typeof attempt !== 'number') continue;
    const count = counts.get(`${stage}/${cycle}`) ?? { life: 0, reported: 0 };
    counts.set(`${stage}/${cycle}`, count);
    const reports = kind === 'ATTEMPT_FAILED' || kind === 'RESOLVED' || isExhaustion(kind);
    if (attempt < count.reported || (reports && attempt <= count.reported)) {
      count.life++;
      count.reported = 0;
    }
    if (reports) count.reported = attempt;
    lives.set(record, count.life);
  }
  return lives;
}
