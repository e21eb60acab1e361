import { anyOf, type Checks, oneOf } from '../../domain/options.js';
import {
  refuseNoFlag,
  refuseNoFunction,
  refuseNoLink,
  refuseNoLogger,
  refuseNoNumber,
  refuseNoText,
} from '../../domain/given.js';
import type { Handler } from '../../handlers/contract.js';
import type { Link } from '../../nats/link.js';
import type { Logger } from '../../observe/log.js';
import { type Moment, startChecks } from '../read/read-options.js';
import type { StoredEvent } from '../read/stored-event.js';

/** Which stored events to read again, what to do with them, and how fast. One start and one use. */
export interface ReplayEventsOptions {
  /** Event types of the config, or subjects, with `*` for a token and `>` at the end. Default: all; with `to` as a mapping, what that is for. */
  readonly subjects?: readonly string[];
  /** Start: what was stored at this time or later. */
  readonly since?: Moment;
  /** Start: this sequence of the events stream. */
  readonly fromSeq?: number;
  /** Start: the oldest that is stored. */
  readonly all?: boolean;
  /** Only what was stored at this time or before. Default: what is stored at the start. */
  readonly until?: Moment;
  /** Use: call it with each event, one after the other, with `event.replayed` true. Nothing is acknowledged. */
  readonly handler?: Handler;
  /** Longest that the handler may take for an event, ms. Default: 30 s. */
  readonly timeoutMs?: number;
  /** The log of the handler. Default: nothing is logged. */
  readonly log?: Logger;
  /** Use: publish each to this subject; or `<from>=<to>` with wildcards: `events.>=load.>`. */
  readonly to?: string;
  /** Use: publish each to this server, to the same subjects or to those of `to`. Whoever opened it closes it. */
  readonly target?: Link;
  /** Give each its own message id again. Default: `<name>-<stream>-<sequence>`. */
  readonly keepIds?: boolean;
  /** Names the replay, for message ids: the same again stores nothing twice, within the duplicate window. Default: a new one. */
  readonly name?: string;
  /** Use: take them, some at a time. The next are read once it has resolved. */
  readonly onEvents?: (events: readonly StoredEvent[]) => void | Promise<void>;
  /** How fast, by the times at which they were stored: 1 as it was, 10 ten times as fast. Default: as fast as it can. */
  readonly speed?: number | 'max';
  /** At most so many per second. Default: no limit. */
  readonly rate?: number;
  /** Ends it; the result counts those before, and `stopped` has the code `INTERRUPTED`. */
  readonly signal?: AbortSignal;
  /** Called a few times a second. */
  readonly onProgress?: (soFar: ReplaySoFar) => void;
  /** Called where the log of operations can't have it, with the reason. */
  readonly onUnlogged?: (reason: string) => void;
}

/** Of `replayEvents`. */
export const replayChecks = {
  ...startChecks,
  handler: refuseNoFunction,
  timeoutMs: refuseNoNumber,
  log: refuseNoLogger,
  to: anyOf('a subject, or <from>=<to>', 'string'),
  target: refuseNoLink,
  keepIds: refuseNoFlag,
  name: refuseNoText,
  onEvents: refuseNoFunction,
  speed: anyOf('a speed above 0, or max', 'number', oneOf('max')),
  rate: refuseNoNumber,
  onProgress: refuseNoFunction,
  onUnlogged: refuseNoFunction,
} as const satisfies Checks<ReplayEventsOptions>;

/** How far a replay of events is. */
export interface ReplaySoFar {
  /** Events that were read. */
  readonly read: number;
  /** Of these, those that failed. */
  readonly failed: number;
  /** The last that was read. */
  readonly seq: number;
  /** When it was stored, ISO. */
  readonly time: string;
}

/** Why some failed. */
export interface ReplayProblem {
  /** What the first of them said. */
  readonly message: string;
  /** The sequence of the first of them. */
  readonly seq: number;
  /** How many there were. */
  readonly count: number;
}

/** What became of a replay of events. */
export interface EventReplay {
  /** Events that were read and taken. */
  readonly read: number;
  /** Of these, those that were published, handled without a failure, or given out. */
  readonly written: number;
  /** Of these, those whose handler failed, or that the target refuses. */
  readonly failed: number;
  /** Of those written, the ones that the target had already. */
  readonly duplicates: number;
  /** The first that was taken; null: none was. */
  readonly firstSeq: number | null;
  /** All up to this one are written, or counted as failed; null: none was taken. */
  readonly lastSeq: number | null;
  /** How long it took. */
  readonly seconds: number;
  /** Why it ended before its end; null: it did not. The next is the one after `lastSeq`. */
  readonly stopped: {
    /** The code of the error. */
    readonly code: string;
    /** What it said. */
    readonly message: string;
  } | null;
  /** The failures, the most frequent first. */
  readonly problems: readonly ReplayProblem[];
}
