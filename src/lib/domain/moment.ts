import { parseDuration } from './duration.js';
import { isoOfMs } from './time.js';

const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)( UTC|Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * A moment as people name it, in ms since 1970: a duration is that long before now (`2h`), else an ISO date or
 * time (`2026-01-31`, `2026-01-31T12:00Z`; a time without a zone is local), also as we print it
 * (`2026-01-31 12:00:00 UTC`). Undefined when the text is neither.
 */
export function parseMoment(text: string, nowMs: number): number | undefined {
  return spanOfMeant(text, nowMs)?.fromMs;
}

/** The same as an end that is part of what is meant: a date means its whole day, `12:00` its minute. */
export function parseLastMoment(text: string, nowMs: number): number | undefined {
  return spanOfMeant(text, nowMs)?.toMs;
}

/** What a date or time names: a date is its whole day in UTC, `12:00` a minute, `12:00:30` a second. */
export interface MomentSpan {
  readonly fromMs: number;
  /** The last millisecond of it. */
  readonly toMs: number;
}

function spanOfMeant(text: string, nowMs: number): MomentSpan | undefined {
  const agoMs = parseDuration(text);
  return agoMs === undefined ? spanOfMoment(text) : { fromMs: nowMs - agoMs, toMs: nowMs - agoMs };
}

/** A date or time in the form of ISO 8601, without a blank. Undefined when the text is none. */
export function isoMoment(text: string): string | undefined {
  const [, date, time, zone = ''] = iso.exec(text) ?? [];
  if (date === undefined || !isDay(date)) return undefined;
  const written = time === undefined ? date : `${date}T${time}${zone === ' UTC' ? 'Z' : zone}`;
  return Number.isNaN(Date.parse(written)) ? undefined : written;
}

/** JavaScript takes the 30th of February for the 2nd of March. */
function isDay(date: string): boolean {
  const ms = Date.parse(date);
  return !Number.isNaN(ms) && isoOfMs(ms).startsWith(date);
}

/** What such a text names, as long as it is written exactly. Undefined when the text is none. */
export function spanOfMoment(text: string): MomentSpan | undefined {
  const written = isoMoment(text);
  if (written === undefined) return undefined;
  const fromMs = Date.parse(written);
  const length = !written.includes('T')
    ? 86_400_000
    : written.includes('.')
      ? 1
      : /T\d{2}:\d{2}:\d{2}/.test(written)
        ? 1000
        : 60_000;
  return { fromMs, toMs: fromMs + length - 1 };
}
