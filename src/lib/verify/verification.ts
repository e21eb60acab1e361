import type { Key } from '../domain/key.js';
import { type Suggestion } from '../suggestion.js';

/** The codes of problems. */
export type ProblemKind =
  /** An exhaustion, or an advisory of the server, that the meta-consumer is done with has led to no pointer. */
  | 'not-routed'
  /** One exhaustion was routed to the retry stage and to the DLQ. */
  | 'routed-twice'
  /** The journal shows that a stage was used up, and has no record of it. */
  | 'exhaustion-missing'
  /** An attempt failed, its consumer no longer holds the event, and no record says how it ended. */
  | 'unfinished'
  /**
   * Something waits for a consumer that is gone from the config, and it was not decided to leave it; or its pointer, in
   * the retry stage or the DLQ; or a pointer in the retry stage of a consumer that has none, since it is external now.
   */
  | 'stranded'
  /** Routed or replayed, and neither waiting in the retry stage nor ended. */
  | 'pointer-missing'
  /** Routed to the DLQ, and neither there, nor replayed, nor discarded. */
  | 'dead-letter-missing'
  /** Archived, and neither kept, nor restored, nor discarded. */
  | 'archived-missing'
  /** A task that is not over lacks some of the dead letters that it is about. */
  | 'task-incomplete'
  /** The event that a waiting retry names is not in its stream any more. */
  | 'original-missing'
  /** Another event stands where a waiting retry's was: the stream was recreated. */
  | 'original-replaced'
  /** The server removed an event that a consumer had not acknowledged: it said so, or had never delivered it. */
  | 'event-lost'
  /** What a consumer has not processed yet is about to be evicted. */
  | 'behind'
  /** A stream or consumer is missing, or differs from the config. */
  | 'drift'
  /** Something on the server stands in the way of the config. */
  | 'conflict'
  /** A stream has fewer live replicas than it should have. */
  | 'replica-down'
  /** The server or a stream takes no messages of the size that records need. */
  | 'record-limit';

/** Something that breaks the pipeline's promise. */
export interface Problem {
  /** What is wrong. */
  readonly kind: ProblemKind;
  /** `<consumer>/<origin sequence>`, where it is about one event. */
  readonly id?: string;
  /** The consumer that it is about. */
  readonly consumer?: string;
  /** The stream that it is about. */
  readonly stream?: string;
  /** What is wrong, in words. */
  readonly detail: string;
  /** What to do about it. */
  readonly suggestions?: readonly Suggestion[];
  /** `repairVerified` can repair it. */
  readonly repairable: boolean;
}

/** The codes of warnings, and what each is about. */
export const warningKinds = [
  /** A stream has one replica. */
  'single-replica',
  /** A replica is there and not up to date: it catches up, or it is too slow. */
  'replica-behind',
  /** A stream is in memory. */
  'memory-storage',
  /** The server may lose acknowledged writes in a power failure; see the detail. */
  'sync-interval',
  /** A consumer that left the config was left behind with what waits in it, as was decided. */
  'stranded',
  /** Something waits for a consumer that is not running. */
  'not-running',
  /** The server delivers nothing of a consumer now: it is paused, for one. */
  'standstill',
  /** A consumer is far behind, in time still; or what left its stream may have been for it. */
  'behind',
  /** The server or a stream takes smaller messages than records can be: records are cut short. */
  'record-limit',
  /** A stream that refuses what is too much is nearly full. */
  'nearly-full',
  /** Dead letters whose original is gone: what is left to do is to discard them. */
  'original-missing',
  /** Dead letters are removed at an age, as the config says; the detail says how many were. */
  'dead-letters-end',
  /** Messages in the journal, the retry stream, the DLQ or among the tasks that are not ours. */
  'malformed',
  /** The config on the server, for those who have no config file, is another one. */
  'applied-config',
  /** Advisories about consumers of the pipeline that can't be true. */
  'refused-advisory',
  /** An external consumer: what it loses can't be found. */
  'external',
] as const;
/** The codes of warnings. */
export type WarningKind = (typeof warningKinds)[number];

/** Something that works now and may fail later. */
export interface Warning {
  /** What it is about; `--ignore` takes it. */
  readonly kind: WarningKind;
  /** What may go wrong, in words. */
  readonly detail: string;
  /** What to do about it. */
  readonly suggestions?: readonly Suggestion[];
}

/** How much was looked at. */
export interface Checked {
  /** Messages of the journal. */
  readonly records: number;
  /** Records that say that a stage gave up on an event. */
  readonly exhaustions: number;
  /** Pointers that wait in the retry stage. */
  readonly pointers: number;
  /** Pointers in the DLQ. */
  readonly deadLetters: number;
  /** Dead letters that are archived. */
  readonly archived: number;
  /** Events that a pointer names and that were looked up. */
  readonly originals: number;
  /** Not finished: being attempted, in backoff, or about to be routed. */
  readonly inFlight: number;
}

/** What a consumer has not done yet. Not a problem. */
export interface Waiting {
  /** Its name in the config. */
  readonly consumer: string;
  /** The stream that it waits in. */
  readonly stream: string;
  /** Messages that the server has not delivered yet. */
  readonly notDelivered: number;
  /** Delivered and not acknowledged: in hand, in backoff, or waiting to be due. */
  readonly unacknowledged: number;
}

/** What `pipeline verify --json` prints. */
export interface Verification {
  /** The `name` of the config. */
  readonly pipeline: string;
  /** Address of the server. */
  readonly server: string;
  /** There are no problems. */
  readonly ok: boolean;
  /** How much was looked at. */
  readonly checked: Checked;
  /** What breaks the promise; empty when `ok`. */
  readonly problems: readonly Problem[];
  /** Without those that were to be ignored. */
  readonly warnings: readonly Warning[];
  /** What is still to be done, by consumer; those that wait for nothing are left out. */
  readonly waiting: readonly Waiting[];
  /** With `--repair`: what was repaired; `problems` are those that are left. */
  readonly repaired?: readonly Repaired[];
}

/** A problem that was repaired. */
export interface Repaired {
  /** The problem that was found. */
  readonly kind: ProblemKind;
  /** `<consumer>/<origin sequence>`. */
  readonly id: string;
  /** What was done, in words. */
  readonly detail: string;
}

/** A problem about an event, with the key that finds it again. */
export interface Finding {
  /** The problem, as in the report. */
  readonly problem: Problem & {
    /** `<consumer>/<origin sequence>`. */
    readonly id: string;
  };
  /** The stage that it is about. */
  readonly key: Key;
  /** Where the journal has the server's advisory that it follows from, and nothing else. */
  readonly advisorySeq?: number;
}

/** A verification, and what a repair needs of it. */
export interface Verified {
  /** What was found. */
  readonly report: Verification;
  /** Problems about single events, for `repairVerified`. */
  readonly findings: readonly Finding[];
}

/** A problem about one event of one consumer, under the id that `dlq show` and `events explain` take. */
export function findingOf(
  key: Key,
  kind: ProblemKind,
  detail: string,
  repairable = false,
  suggestions: readonly Suggestion[] = [],
): Finding {
  const next = suggestions.length === 0 ? {} : { suggestions };
  return { key, problem: { kind, id: `${key.consumer}/${key.origin.seq}`, detail, ...next, repairable } };
}

/** Without the warnings of these kinds. Problems are never left out. */
export function ignoring(verified: Verified, kinds: readonly string[]): Verified {
  const { report } = verified;
  const warnings = report.warnings.filter(({ kind }) => !kinds.includes(kind));
  return { ...verified, report: { ...report, warnings } };
}
