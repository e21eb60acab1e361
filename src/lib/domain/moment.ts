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
