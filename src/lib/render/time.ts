import { inUtc } from '../domain/time.js';

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** From so many on, a unit alone says it well enough: the nearest number of it. */
const plenty = 3;

/**
 * How long from `nowMs` an ISO time is: `3m ago`, `now`. What is to come is rounded, since `in 6d` for a week less a
 * second does not help, and the less is left the more exact: `in 7d`, `in 1h 31m`. Unreadable: as it is.
 */
export function renderWhen(iso: string, nowMs: number): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return iso;
  const distance = Math.abs(nowMs - ms);
  for (const [at, [unit, size]] of units.entries()) {
    const count = Math.floor(distance / size);
    if (count === 0) continue;
    if (ms <= nowMs) return `${count}${unit} ago`;
    if (count >= plenty) return `in ${Math.round(distance / size)}${unit}`;
    const [smaller, smallerSize] = units[at + 1] ?? ['', 1];
    const rest = Math.floor((distance % size) / smallerSize);
    return smaller === '' || rest === 0 ? `in ${count}${unit}` : `in ${count}${unit} ${rest}${smaller}`;
  }
  return 'now';
}

/** An ISO time as people read it, in UTC: `2026-01-31 12:00:00`. */
export function renderTime(iso: string): string {
  return inUtc(iso).slice(0, -' UTC'.length);
}

/** The same where there is no room for the day: `12:00:00`. */
export function timeOfDay(iso: string): string {
  return renderTime(iso).replace(/^\d{4}-\d\d-\d\d /, '');
}
