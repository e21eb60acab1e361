import { anyOf, type Checks } from '../../domain/options.js';
import {
  refuseLimit,
  refuseNoFlag,
  refuseNoFunction,
  refuseNoNumber,
  refuseNoSignal,
  refuseNoText,
  refuseTexts,
  unexpected,
} from '../../domain/given.js';
import { escapeLine } from '../../domain/escape.js';
import { parseLastMoment, parseMoment } from '../../domain/moment.js';
import { inUtc, isoOfMs } from '../../domain/time.js';
import { UsageError } from '../../errors.js';

/** A time: a duration before now (`2h`), an ISO time, also as it is shown (`2026-01-31 12:00:00 UTC`), ms since 1970, or a Date. */
export type Moment = string | number | Date;

/** A group that was joined. */
export interface JoinedGroup {
  /** Name of its durable consumer. */
  readonly name: string;
  /** It was made now, with the start that was given; else it goes on where it is, and a start means nothing. */
  readonly isNew: boolean;
  /** What it reads. */
  readonly subjects: readonly string[];
  /** The server gives an event to another member after this long without a sign of life, ms. */
  readonly ackWaitMs: number;
  /** Events that it had not given to anybody yet. */
  readonly pending: number;
}

/** What is stored when a reading starts; both are 0 where nothing ever was. */
export interface StoredRange {
  /** The oldest sequence that is there. */
  readonly firstSeq: number;
  /** The newest. */
  readonly lastSeq: number;
}

/** Which stored events, from where, and until when. At most one of the starts. */
export interface ReadEventsOptions {
  /** Event types of the config, or subjects, with `*` for a token and `>` at the end. Default: all. */
  readonly subjects?: readonly string[];
  /** Start: what was stored at this time or later. One in the future: nothing before it. */
  readonly since?: Moment;
  /** Start: this sequence of the events stream. One that is not there yet: nothing before it. */
  readonly fromSeq?: number;
  /** Start: the oldest that is stored. Default without `follow`. */
  readonly all?: boolean;
  /** Start: what is stored from now on. Default with `follow`. */
  readonly new?: boolean;
  /** Start: the last stored event of each subject, and then, with `follow`, all new ones. */
  readonly lastPerSubject?: boolean;
  /** Only what was stored at this time or before, a date being its whole day; when it has come, the reading ends. Default: no end. */
  readonly until?: Moment;
  /** Go on with what is stored later, and wait for it. False: end with what is there at the start. Default: true. */
  readonly follow?: boolean;
  /**
   * Share the events with all that name the same group, each to one of them, over restarts: each is acknowledged when
   * the next one is asked for, and one that was not comes again. The group is a durable consumer, which the first one
   * makes, with its subjects and its start, and which stays. Default: on its own, and nothing is acknowledged.
   */
  readonly group?: string;
  /** Called once the group is joined. */
  readonly onGroup?: (group: JoinedGroup) => void;
  /** Called once it is known what is stored. */
  readonly onStart?: (stored: StoredRange) => void;
  /** Ends after so many events. Default: no end. */
  readonly count?: number;
  /** Ends the reading; what was given by then stays valid. */
  readonly signal?: AbortSignal;
}

const moment = anyOf(
  'a duration like 2h or 7d, an ISO time, or a Date',
  'string',
  'number',
  (name, given) => {
    if (!(given instanceof Date)) throw unexpected(name, 'a Date', given);
  },
);

export const startChecks = {
  subjects: refuseTexts,
  since: moment,
  fromSeq: refuseNoNumber,
  all: refuseNoFlag,
  until: moment,
  signal: refuseNoSignal,
} as const satisfies Partial<Checks<ReadEventsOptions>>;

/** Of `readEvents` and its like. */
export const readChecks = {
  ...startChecks,
  new: refuseNoFlag,
  lastPerSubject: refuseNoFlag,
  follow: refuseNoFlag,
  group: refuseNoText,
  onGroup: refuseNoFunction,
  onStart: refuseNoFunction,
  count: refuseLimit,
} as const satisfies Checks<ReadEventsOptions>;

/** The same, checked, with times in ms since 1970. */
export interface ReadingSpan {
  readonly start:
    | { readonly at: 'all' | 'new' | 'last-per-subject' }
    | { readonly at: 'time'; readonly timeMs: number }
    | { readonly at: 'seq'; readonly seq: number };
  readonly untilMs: number;
  readonly follow: boolean;
}

/** Throws UsageError for a time that is none, for two starts, and for an end that is before the start. */
export function spanOf(options: ReadEventsOptions, nowMs: number): ReadingSpan {
  const { follow = true } = options;
  const start = startOf(options, nowMs);
  const untilMs =
    options.until === undefined
      ? Number.POSITIVE_INFINITY
      : momentOf('until', options.until, nowMs, parseLastMoment);
  const fromMs = start.at === 'time' ? start.timeMs : start.at === 'new' ? nowMs : Number.NEGATIVE_INFINITY;
  if (untilMs < fromMs) {
    const from =
      start.at === 'new' ? 'only new events are read' : `the start, ${inUtc(isoOfMs(fromMs))}, is later`;
    throw new UsageError(`until ${inUtc(isoOfMs(untilMs))}: nothing can be read, since ${from}`, {
      suggestions: ['say where to begin: since, from-seq or all'],
    });
  }
  return { start, untilMs, follow };
}

function startOf(options: ReadEventsOptions, nowMs: number): ReadingSpan['start'] {
  const { since, fromSeq, all, new: fromNow, lastPerSubject, follow = true } = options;
  const given = Object.entries({
    since: since !== undefined,
    fromSeq: fromSeq !== undefined,
    all,
    new: fromNow,
    lastPerSubject,
  }).filter(([, is]) => is === true);
  if (given.length > 1) {
    throw new UsageError(`expected one start, found ${given.map(([name]) => name).join(' and ')}`);
  }
  if (since !== undefined) return { at: 'time', timeMs: momentOf('since', since, nowMs) };
  if (fromSeq !== undefined) {
    if (Number.isSafeInteger(fromSeq) && fromSeq > 0) return { at: 'seq', seq: fromSeq };
    throw new UsageError(`fromSeq: expected a sequence of at least 1, found ${fromSeq}`);
  }
  if (lastPerSubject) return { at: 'last-per-subject' };
  return { at: fromNow || (follow && !all) ? 'new' : 'all' };
}

function momentOf(name: string, moment: Moment, nowMs: number, parse = parseMoment): number {
  const ms =
    typeof moment === 'string'
      ? parse(moment, nowMs)
      : typeof moment === 'number'
        ? moment
        : moment instanceof Date
          ? moment.getTime()
          : undefined;
  if (ms !== undefined && Math.abs(ms) <= latestMs) return ms;
  throw new UsageError(
    `${name}: expected a duration like 2h or 7d, or an ISO time like 2026-01-31T12:00Z, found "${escapeLine(String(moment))}"`,
  );
}

/** Of a Date of JavaScript. */
const latestMs = 8.64e15;
