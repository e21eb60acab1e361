import { parseDuration } from './duration.js';

const iso = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * A moment as people name it, in ms since 1970: a duration is that long before now (`2h`), else an ISO date or
 * time (`2026-01-31`, `2026-01-31T12:00Z`; a time without a zone is local). Undefined when the text is neither.
 */
export function parseMoment(text: string, nowMs: number): number | undefined {
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return nowMs - agoMs;
  if (!iso.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** What a date or time names: a date is its whole day in UTC, `12:00` a minute, `12:00:30` a second. */
export interface MomentSpan {
  readonly fromMs: number;
  /** The last millisecond of it. */
  readonly toMs: number;
}

/** The same of an ISO date or time, as long as it is written exactly. Undefined when the text is none. */
export function spanOfMoment(text: string): MomentSpan | undefined {
  const fromMs = iso.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(fromMs)) return undefined;
  const length = !text.includes('T')
    ? 86_400_000
    : text.includes('.')
      ? 1
      : /T\d{2}:\d{2}:\d{2}/.test(text)
        ? 1000
        : 60_000;
  return { fromMs, toMs: fromMs + length - 1 };
}
