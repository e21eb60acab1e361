import { type Failure, type FailureKind, failureRecorded, isForGood, noReport } from './failure.js';
import type { JournalRecord, RecordOf } from './record.js';
import type { Nanos } from './time.js';

/** A journal record and where it stands: its sequence orders what happened. */
export interface StoredRecord<R extends JournalRecord = JournalRecord> {
  readonly journalSeq: number;
  readonly record: R;
  /** By the server's clock, where it was asked. */
  readonly storedAt?: Nanos;
}

/** The last record of each kind about one key; only what is there. */
export interface KeyHistory {
  readonly started?: StoredRecord<RecordOf<'ATTEMPT_STARTED'>>;
  readonly failed?: StoredRecord<RecordOf<'ATTEMPT_FAILED'>>;
  readonly snoozed?: StoredRecord<RecordOf<'SNOOZED'>>;
  /** An exhaustion or RESOLVED: nothing more may be run for this key. */
  readonly ended?: StoredRecord;
}

/** Nothing is known, or there is nothing to know. */
export const emptyHistory: KeyHistory = {};

export type Decision =
  /** Done already: take the message off the consumer. */
  | { readonly do: 'ack'; readonly ended: StoredRecord }
  /** Used up: end the stage without running the handler. */
  | { readonly do: 'exhaust'; readonly attempts: number; readonly failure: Failure }
  | RunDecision;

/** Run the handler as this attempt. */
export interface RunDecision {
  readonly do: 'run';
  readonly attempt: number;
  /** Write ATTEMPT_STARTED first. */
  readonly announce: boolean;
  /** The run before left no report, so it may have ended its process: suspects run one at a time. */
  readonly suspect: boolean;
  /**
   * A suspect that would be exhausted if this run left no report either. Nothing else may run in the process
   * meanwhile: what ended the process is then no neighbour.
   */
  readonly alone: boolean;
}

export interface DeliveryFacts {
  readonly deliveries: number;
  readonly limit: number;
  /**
   * The message may have been delivered before it was due (a pointer with a delay): an earlier delivery then
   * proves nothing, so every run is announced and silence means that none took place.
   */
  readonly mayHaveParked: boolean;
  /**
   * An attempt may have ended its process by itself, so one that left no report counts as made. Not so for routing: what
   * ended the process was something else, and the record that was being routed is innocent.
   */
  readonly silenceCounts: boolean;
}

/** The highest attempt that a record is about; 0: none is. */
export function highestAttempt({ started, failed, snoozed }: KeyHistory): number {
  return Math.max(...[started, failed, snoozed].map((one) => one?.record.attempt ?? 0));
}

/** The handler asked for a later time, and nothing has followed. */
function isSnoozedLast({ started, failed, snoozed }: KeyHistory): boolean {
  const attempt = snoozed?.record.attempt ?? 0;
  return (
    snoozed !== undefined &&
    attempt > (failed?.record.attempt ?? 0) &&
    attempt >= (started?.record.attempt ?? 0) &&
    snoozed.journalSeq > (started?.journalSeq ?? 0)
  );
}

/** How many attempts have failed. One that started and left no report has, one that was snoozed has not. */
export function failedAttempts(history: KeyHistory): number {
  const highest = highestAttempt(history);
  return isSnoozedLast(history) ? highest - 1 : highest;
}

/** Nothing follows a failed attempt: its stage has no more of them, or no retry can help. */
export function isLastAttempt(attempt: number, kind: FailureKind, limit: number): boolean {
  return attempt >= limit || isForGood(kind);
}

/** What a delivery is worth: deliveries lie, so the journal counts. */
export function decideAttempt(facts: DeliveryFacts, history: KeyHistory): Decision {
  if (history.ended) return { do: 'ack', ended: history.ended };
  const { started, failed, snoozed } = history;
  const startedAttempt = started?.record.attempt ?? 0;
  const failedAttempt = failed?.record.attempt ?? 0;
  const snoozedAttempt = snoozed?.record.attempt ?? 0;
  const snoozedLast = isSnoozedLast(history);
  const highest = highestAttempt(history);
  const unreported = !snoozedLast && startedAttempt > failedAttempt;
  const next = snoozedLast ? snoozedAttempt : unreported && !facts.silenceCounts ? highest : highest + 1;
  // A run beside others that left no report proves nothing: the last attempt is then repeated, alone.
  const repeated = next > facts.limit && unreported && started?.record.alone !== true;
  if (next > facts.limit && !repeated)
    return { do: 'exhaust', attempts: highest, failure: failureOfRecord(failed?.record) };

  // A server that was killed may count its deliveries from 1 again.
  const redelivered = facts.deliveries > 1 || highest > 0;
  const silent = highest === 0 ? !facts.mayHaveParked : unreported;
  const suspect = facts.silenceCounts && redelivered && silent;
  const attempt = repeated ? highest : next;
  return {
    do: 'run',
    attempt,
    announce: redelivered || facts.mayHaveParked,
    suspect,
    alone: suspect && attempt >= facts.limit,
  };
}

/** Why the last reported attempt failed; without one, that there was no report. */
export function failureOfRecord(record: RecordOf<'ATTEMPT_FAILED'> | undefined): Failure {
  const error = record?.error;
  return error ? failureRecorded(error) : noReport();
}
