import type { DurationCounts } from '../../domain/duration-counts.js';
import type { StageCounts } from '../../observe/snapshot.js';
import { type Failure, isForGood } from '../../domain/failure.js';

/** What a worker has done since it began. Kept by whoever does it: a message costs a few increments. */
export class StageCounter {
  delivered = 0;
  succeeded = 0;
  failed = 0;
  rejected = 0;
  snoozed = 0;
  exhausted = 0;
  doneAlready = 0;
  notDue = 0;
  attemptMs = 0;
  /** Monotonic milliseconds; NaN: never. */
  lastSucceededAt = Number.NaN;
  lastFailedAt = Number.NaN;

  /** `durations`: where somebody wants to know them one by one. */
  constructor(readonly durations?: DurationCounts) {}

  ran(ms: number): void {
    this.attemptMs += ms;
    this.durations?.add(ms);
  }

  succeed(at: number): void {
    this.succeeded++;
    this.lastSucceededAt = at;
  }

  fail(at: number, kind: Failure['kind'] = 'error'): void {
    if (isForGood(kind)) this.rejected++;
    else this.failed++;
    this.lastFailedAt = at;
  }

  get counts(): StageCounts {
    const { delivered, succeeded, failed, rejected, snoozed, exhausted, doneAlready, notDue } = this;
    const attemptMs = Math.round(this.attemptMs);
    return { delivered, succeeded, failed, rejected, snoozed, exhausted, doneAlready, notDue, attemptMs };
  }
}
