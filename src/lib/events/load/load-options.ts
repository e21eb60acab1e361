import { anyOf, type Checks, oneOf } from '../../domain/options.js';
import {
  refuseNoFlag,
  refuseNoFunction,
  refuseNoNumber,
  refuseNoSignal,
  refuseNoText,
  refuseNoWhole,
  unexpected,
} from '../../domain/given.js';
/** What to publish, how fast, and for how long. */
export interface EventLoadOptions {
  /** A type of the config, or a full subject within the events stream. Default: `load` below its root. */
  readonly type?: string;
  /** Events per second; `max`: as many as there can be. Default: 100. */
  readonly rate?: number | 'max';
  /** For how long, ms. Default: a minute. */
  readonly durationMs?: number;
  /** The payload; of text, `{{n}}` and the like are filled in anew for each. Default: JSON of `sizeBytes`. */
  readonly data?: string | Uint8Array;
  /** Size of the payload where there is no `data`. Default: 128. */
  readonly sizeBytes?: number;
  /** Over so many connections, in turn. Default: 1. */
  readonly publishers?: number;
  /** Receives the events too, and measures how long each took to get there. Default: false. */
  readonly endToEnd?: boolean;
  /** Ends it: no further event is sent, and the result counts those before. */
  readonly signal?: AbortSignal;
  /** Called a few times a second. */
  readonly onProgress?: (soFar: LoadSoFar) => void;
  /** Called where the log of operations can't have it, with the reason. */
  readonly onUnlogged?: (reason: string) => void;
}

/** Of `loadEvents`. */
export const loadChecks = {
  type: refuseNoText,
  rate: anyOf('a rate above 0 per second, or max', 'number', oneOf('max')),
  durationMs: refuseNoNumber,
  data: anyOf('a text or bytes', 'string', (name, given) => {
    if (!(given instanceof Uint8Array)) throw unexpected(name, 'bytes', given);
  }),
  sizeBytes: refuseNoWhole,
  publishers: refuseNoNumber,
  endToEnd: refuseNoFlag,
  signal: refuseNoSignal,
  onProgress: refuseNoFunction,
  onUnlogged: refuseNoFunction,
} as const satisfies Checks<EventLoadOptions>;

/** How far a load is. */
export interface LoadSoFar {
  /** Since its start, ms. */
  readonly elapsedMs: number;
  /** For how long it will last, ms. */
  readonly durationMs: number;
  /** Events that were sent. */
  readonly sent: number;
  /** Of these, those that the stream has. */
  readonly stored: number;
  /** Of these, those that failed. */
  readonly errors: number;
  /** Of 100 events, 99 were stored within it, ms; null: none was answered. */
  readonly p99: number | null;
}

/** Latencies, ms. */
export interface Latencies {
  /** Half of them are no longer. */
  readonly p50: number;
  /** 90 % are no longer. */
  readonly p90: number;
  /** 99 % are no longer. */
  readonly p99: number;
  /** The longest. */
  readonly max: number;
}

/** Errors of one kind. */
export interface LoadProblem {
  /** The code of the error. */
  readonly code: string;
  /** What the first of them said. */
  readonly message: string;
  /** How many there were. */
  readonly count: number;
}

/** What a load measured. */
export interface EventLoad {
  /** Events that were sent. */
  readonly sent: number;
  /** Of these, those that the stream has, duplicates included. */
  readonly stored: number;
  /** Of those stored, the ones that an earlier try had stored, whose answer got lost. */
  readonly duplicates: number;
  /** Those of which the server did not say that they are stored. */
  readonly errors: number;
  /** From the first event to the last answer, and no less than what was asked for. */
  readonly seconds: number;
  /** Stored events per second. */
  readonly rate: number;
  /** From when an event was due to the word that it is stored; null: none was. At the rate `max` it is due when it is sent. */
  readonly publishMs: Latencies | null;
  /** From when an event was due to its arrival in this process; null: it was not measured. */
  readonly endToEndMs: Latencies | null;
  /** How many arrived in this process; null: it was not measured. */
  readonly received: number | null;
  /** What kept it from its rate: this process was too late to send, or too many answers were outstanding. */
  readonly limit: 'none' | 'machine' | 'server';
  /** Events that were sent more than 10 ms late, or not any more. */
  readonly late: number;
  /** The errors by kind, the most frequent first. */
  readonly problems: readonly LoadProblem[];
}
