import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { escapeLine } from '../../domain/escape.js';
import { durationMeant } from '../../domain/duration.js';
import { parseLastMoment, parseMoment } from '../../domain/moment.js';
import { parseSelectionWords } from '../../domain/selection/parse.js';
import type { DeadLetterFilters } from '../../dlq/filters.js';
import { UsageError } from '../../errors.js';
import { didYouMean } from './global-flags.js';

/** A moment in ms since 1970: a duration before now, or an ISO time. */
export const momentFlag = Flags.custom<number>({
  helpValue: '<time>',
  parse: async (text, _context, { name }) => readMoment(name, text, parseMoment),
});

/** The last moment that is meant: a date is its whole day. */
export const lastMomentFlag = Flags.custom<number>({
  helpValue: '<time>',
  parse: async (text, _context, { name }) => readMoment(name, text, parseLastMoment),
});

function readMoment(name: string, text: string, parse: typeof parseMoment): number {
  const ms = parse(text, Date.now());
  if (ms !== undefined) return ms;
  throw new UsageError(
    `--${name}: expected a duration like 2h or 7d, or an ISO time like 2026-01-31T12:00Z, found "${text}"`,
    didYouMean(name, durationMeant(text)),
  );
}

/** How many replays: from `min` to `max`, where there is one. */
export interface Cycles {
  readonly min: number;
  readonly max?: number;
}

/** `1`: exactly one replay; `1+`: one or more. */
const cycleFlag = Flags.custom<Cycles>({
  helpValue: '<n>[+]',
  parse: async (text, _context, { name }) => {
    const [, count, more] = /^(\d{1,9})(\+?)$/.exec(text) ?? [];
    if (count === undefined) {
      throw new UsageError(`--${name}: expected a number of replays like 0, 1 or 1+, found "${text}"`);
    }
    return { min: Number(count), ...(more === '+' ? {} : { max: Number(count) }) };
  },
});

/** Nothing, and blanks, are a part of every reason: whoever gives them (`--reason "$WHY"`) does not mean all. */
const reasonFlag = Flags.custom({
  helpValue: '<text>',
  parse: async (text, _context, { name }) => {
    if (text.trim() !== '') return text;
    throw new UsageError(`--${name}: expected some text of the reason, found "${escapeLine(text)}"`);
  },
});

const defaultHelp = async (): Promise<string> => 'all';

/** The flags that say which dead letters are meant. */
export const deadLetterFlags = {
  consumer: Flags.string({ description: 'only those of this consumer', helpValue: '<name>', defaultHelp }),
  subject: Flags.string({
    description: 'only those whose event has this subject; * is one token, > is one or more at the end',
    helpValue: '<subject>',
    defaultHelp,
  }),
  reason: reasonFlag({
    description: 'only those whose reason contains this text, in any case, or has this fingerprint',
    defaultHelp,
  }),
  cycle: cycleFlag({
    description: 'only those that were replayed this many times and died again; 1+: at least once',
    defaultHelp,
  }),
  since: momentFlag({
    description: 'only those that died at or after this: a duration before now (2h), or an ISO time',
    defaultHelp,
  }),
  until: lastMomentFlag({
    description:
      'only those that died at or before this: a duration before now (2h), or an ISO time; a date is its whole day',
    defaultHelp,
  }),
};

/** The short form of `status:archived`. */
export const archivedFlag = Flags.boolean({
  description: 'archived dead letters instead of those in the DLQ',
});

/** For the help of commands that take a selection. */
export const aboutSelections = `A word is a term: key:value, or -key:value where it must not hold; commas are or, * is any text, and a word without a key is part of the reason (leave it out with -reason:word). Keys: consumer, subject, type, group, fingerprint, name, code, reason, kind, age, dead, attempts, cycle, seq, task, status, original, expires, header.<name>, data.<path>. Put terms with <, > or * in quotes: 'age:>1h', 'attempts:1..3', 'dead:>=2026-11-20'. The last two keys of the list read the events.`;

/**
 * The words that say which dead letters are meant. Commands that have them under this name take words that begin with
 * `-` as terms, see `setTermsApart`.
 */
export const selectionArgs = {
  selection: Args.string({
    description:
      "terms like consumer:<name>, 'age:>1h' or -kind:timeout, and words of the reason; all must hold",
    multiple: true,
    ignoreStdin: true,
  }),
};

/** Of commands that take ids as well. */
export const idsOrSelectionArgs = {
  selection: Args.string({
    description:
      "ids as dlq list prints them (<consumer>/<sequence of the event>), or terms like consumer:<name>, 'age:>1h' or -kind:timeout, and words of the reason, of which all must hold",
    multiple: true,
    ignoreStdin: true,
  }),
};

export interface FilterFlags {
  readonly consumer?: string | undefined;
  readonly subject?: string | undefined;
  readonly reason?: string | undefined;
  readonly cycle?: Cycles | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly archived?: boolean | undefined;
}

/** The filters that were given, by flags and by words. Throws UsageError for a word that is no term. */
export function filtersOf(
  { consumer, subject, reason, cycle, since, until, archived }: FilterFlags,
  words: readonly string[] = [],
): DeadLetterFilters {
  return {
    ...(words.length === 0 ? {} : { selection: parseSelectionWords(words) }),
    ...(consumer === undefined ? {} : { consumer }),
    ...(subject === undefined ? {} : { subject }),
    ...(archived ? { status: 'archived' as const } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(cycle === undefined ? {} : { minCycle: cycle.min }),
    ...(cycle?.max === undefined ? {} : { maxCycle: cycle.max }),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until }),
  };
}
