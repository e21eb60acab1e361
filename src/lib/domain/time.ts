/** JetStream stores times to the nanosecond; a JavaScript number can't hold one. We keep them as decimal strings. */
export type Nanos = string;

const rfc3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** The last moment that JetStream can store, in the year 2262: 64 bits with a sign. */
const lastNanos: Nanos = '9223372036854775807';

/**
 * Nanoseconds since 1970 of an RFC 3339 time with up to nine digits of fraction, or undefined when it is none, or
 * none that JetStream could have stored.
 */
export function nanosOfRfc3339(text: string): Nanos | undefined {
  const found = rfc3339.exec(text);
  if (!found) return undefined;
  const ms = Date.parse(`${found[1]}${found[3]}`);
  if (Number.isNaN(ms) || ms < 0) return undefined;
  // Digits put together are much cheaper than big numbers.
  const fraction = (found[2] ?? '').padEnd(9, '0');
  const nanos = ms === 0 ? String(Number(fraction)) : `${ms / 1000}${fraction}`;
  return compareNanos(nanos, lastNanos) <= 0 ? nanos : undefined;
}

/** Milliseconds since 1970, rounded down. */
export function msOfNanos(nanos: Nanos): number {
  return Number(nanos.slice(0, -6));
}

/** ISO time with milliseconds, e.g. `2026-01-31T12:00:00.000Z`. */
export function isoOfNanos(nanos: Nanos): string {
  return isoOfMs(msOfNanos(nanos));
}

let lastMs = Number.NaN;
let lastIso = '';

/** ISO time with milliseconds. */
export function isoOfMs(ms: number): string {
  if (ms !== lastMs) {
    // What a busy pipeline writes in one millisecond has one time.
    lastIso = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastIso;
}

/** An ISO time as people read it: `2026-01-31 12:00:00 UTC`. */
export function inUtc(iso: string): string {
  return `${iso.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '')} UTC`;
}

/** Below 0 where `a` is earlier, above 0 where it is later. */
export function compareNanos(a: Nanos, b: Nanos): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

export function isNanos(value: unknown): value is Nanos {
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}
