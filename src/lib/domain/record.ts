import type { ReportedFailure, Failure, FailureKind } from './failure.js';
import { type Key, keyId } from './key.js';
import { type ExhaustionKind, isExhaustion, type RecordKind } from './record-kinds.js';
import type { StagePlan } from './stage-plan.js';

/** How many attempts were made in each stage. */
export interface Attempts {
  /** In the main stage. */
  readonly main: number;
  /** In the retry stage; 0: it had none. */
  readonly retry: number;
}

/** The fields that the server's own advisory has, under its own names: where the message was delivered. */
export interface AdvisoryFields {
  readonly type: string;
  readonly id: string;
  readonly timestamp: string;
  readonly stream: string;
  readonly consumer: string;
  readonly stream_seq: number;
  readonly deliveries: number;
  readonly reason?: string;
}

/** A failure as records carry it. Those of earlier versions have no kind: it was an error. */
export type RecordedFailure = Omit<ReportedFailure, 'kind'> & {
  /** What kind of failure it was. Default: `error`. */
  readonly kind?: FailureKind;
};

/** Which attempt a record is about. */
interface OfAttempt {
  /** From 1, in its stage. */
  readonly attempt: number;
  /** How often the message had been delivered. */
  readonly deliveries?: number;
}

/** An attempt begins. */
interface AttemptStarted extends OfAttempt {
  /** Nothing else runs in the process meanwhile. */
  readonly alone?: boolean;
}

/** How an attempt failed. */
interface FailedRun extends OfAttempt {
  /** Why. */
  readonly error: RecordedFailure;
  /** How long the attempt took, ms. */
  readonly durationMs: number;
  /** `traceparent` of its span, where somebody traced. */
  readonly trace?: string | undefined;
}

/** An attempt failed; another may follow. */
interface AttemptFailed extends FailedRun {
  /** When the first attempt of this cycle failed, ISO. */
  readonly firstFailedAt: string;
}

/** The handler asked for a later time. */
interface Snoozed extends OfAttempt {
  /** When the event comes back, ISO. */
  readonly until: string;
  /** How many short snoozes the stage has seen so far, this one included. */
  readonly snoozes: number;
  /** Not by the handler, but because its process was stopped: the attempt does not count. */
  readonly takenBack?: boolean;
}

/**
 * What ends a stage, with all that a pointer needs, and the attempt that was the last. Without that attempt: it left no
 * report, or it has an ATTEMPT_FAILED of its own, as in earlier versions.
 */
interface Exhausted extends Omit<AdvisoryFields, 'consumer'>, Partial<Omit<FailedRun, 'deliveries'>> {
  /** Attempts made in each stage of this cycle. */
  readonly attempts: Attempts;
  /** Of a main stage: what is next. Records of earlier versions have none. */
  readonly plan?: StagePlan;
  /** The last failure. */
  readonly failure: Failure;
  /** When the first attempt of this cycle failed, ISO. */
  readonly firstFailedAt: string;
  /** When the last attempt failed, ISO. */
  readonly lastFailedAt: string;
}

/** A pointer to the event was written. */
interface Routed {
  /** The stream that the pointer went to. */
  readonly to: 'retry' | 'dlq';
}

/** One that `verify --repair` writes is about no attempt. */
interface Resolved extends Partial<OfAttempt> {
  /** How long the successful attempt took, ms. */
  readonly durationMs?: number;
  /** The handler succeeded after its lease had lapsed. */
  readonly late?: boolean;
}

/** A move is two records: one of each of its consumers. */
interface Moved {
  /** Of the consumer that it was taken from: the one that has the pointer now. */
  readonly movedTo?: string;
  /** Of the consumer that has it now: the one that the config no longer has. */
  readonly movedFrom?: string;
}

/** One that is archived, restored and archived again has been archived twice. */
interface OfArchive {
  /** Names the archiving that a dead letter was in: what was restored is that one, and no later one. */
  readonly archive?: string;
}

/** A dead letter was taken out of the DLQ, and is kept. */
interface Archived extends OfArchive {
  /** When it came to the DLQ, ISO. */
  readonly deadAt?: string;
}

/** What a record says besides its key and who wrote it. */
export type RecordFacts =
  | ({
      /** An attempt begins. */
      readonly kind: 'ATTEMPT_STARTED';
    } & AttemptStarted)
  | ({
      /** An attempt failed. */
      readonly kind: 'ATTEMPT_FAILED';
    } & AttemptFailed)
  | ({
      /** The event comes back later; no attempt is used up. */
      readonly kind: 'SNOOZED';
    } & Snoozed)
  | ({
      /** The stage has used up its attempts. */
      readonly kind: 'MAX_DELIVERIES';
    } & Exhausted)
  | ({
      /** The stage gave up, since no retry could help. */
      readonly kind: 'MSG_TERMINATED';
    } & Exhausted)
  | ({
      /** A pointer was written to the retry stream or the DLQ. */
      readonly kind: 'ROUTED';
    } & Routed)
  | ({
      /** The event succeeded. */
      readonly kind: 'RESOLVED';
    } & Resolved)
  | {
      /** Somebody brought it back from the DLQ. */
      readonly kind: 'REPLAYED';
    }
  | {
      /** Somebody deleted it from the DLQ. */
      readonly kind: 'DISCARDED';
    }
  | {
      /** Its event was copied before it aged out. */
      readonly kind: 'KEPT';
    }
  | {
      /** Somebody edited its event, for the cycle that this is about. */
      readonly kind: 'EDITED';
    }
  | ({
      /** Its pointer was moved to another consumer. */
      readonly kind: 'MOVED';
    } & Moved)
  | ({
      /** Somebody took it out of the DLQ, to keep it elsewhere. */
      readonly kind: 'ARCHIVED';
    } & Archived)
  | ({
      /** Somebody put it back into the DLQ. */
      readonly kind: 'RESTORED';
    } & OfArchive);

/** Who wrote a record, when, and why. */
export interface Written {
  /** ISO time of the writer's clock. */
  readonly at: string;
  /** `<host>:<pid>:<random>` of the process that wrote it. */
  readonly worker?: string;
  /** Who replayed, discarded, archived, restored, moved or repaired, as `user@host`. */
  readonly operator?: string;
  /** What this belongs to: the replay, discard, archiving or restore of many. */
  readonly task?: string;
  readonly note?: string;
}

/** What every record has. */
export interface RecordHead extends Key, Written {
  readonly v: 1;
}

/** As they are read: decoding checks what a record is about, and any detail may be missing. */
type AsRead<F> = F extends { readonly kind: RecordKind }
  ? RecordHead & Pick<F, 'kind'> & Partial<Omit<F, 'kind'>>
  : never;

/** One line of the journal: something that went wrong with an event, or something done about it. */
export type JournalRecord = AsRead<RecordFacts>;

/** The records of some kinds. */
export type RecordOf<K extends RecordKind> = Extract<JournalRecord, { readonly kind: K }>;

/** A record that ends a stage, as it is read. */
export type ExhaustionRecord = RecordOf<ExhaustionKind>;

export function isExhaustionRecord(record: JournalRecord): record is ExhaustionRecord {
  return isExhaustion(record.kind);
}

/** A record that ends a stage, complete enough to be routed. */
export type Exhaustion = RecordHead & { readonly kind: ExhaustionKind } & Exhausted;

/** Undefined: the record is about no attempt. */
export function attemptOf(record: JournalRecord): number | undefined {
  return 'attempt' in record ? record.attempt : undefined;
}

/** What went wrong in the attempt that a record is about. */
export function errorOf(record: JournalRecord): RecordedFailure | undefined {
  return 'error' in record ? record.error : undefined;
}

/**
 * `Nats-Msg-Id` of a record. Both kinds of exhaustion share one, so that a stage ends once; attempt records
 * carry what makes each unique, so that no failed attempt swallows another. So do moves and archivings: a pointer may
 * come back. Two who edit the same event are both told of.
 */
export function recordMessageId(record: JournalRecord): string {
  const key = keyId(record);
  if (isExhaustion(record.kind)) return `EXHAUSTED/${key}`;
  const id = `${record.kind}/${key}`;
  if (record.kind === 'MOVED') return `${id}/${record.at}/${record.movedTo ?? ''}`;
  if (record.kind === 'ARCHIVED' || record.kind === 'RESTORED') return `${id}/${record.archive ?? ''}`;
  if (record.kind === 'EDITED') return `${id}/${record.task ?? ''}`;
  if (!('attempt' in record) || record.attempt === undefined) return id;
  return `${id}/${record.attempt}/${record.deliveries ?? 0}/${record.worker ?? ''}`;
}
