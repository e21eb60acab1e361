/** The moment, in milliseconds since 1970. Passed in wherever time matters, so that tests own it. */
export type Clock = () => number;

/** JetStream stores times to the nanosecond; a JavaScript number can't hold one. We keep them as decimal strings. */
export type Nanos = string;

const rfc3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** The last moment that JetStream can store, in the year 2262: 64 bits with a sign. */
const lastNanos = 2n ** 63n - 1n;

/**
 * Nanoseconds since 1970 of an RFC 3339 time with up to nine digits of fraction, or undefined when it is none, or
 * none that JetStream could have stored.
 */
export function nanosOfRfc3339(text: string): Nanos | undefined {
  const found = rfc3339.exec(text);
  if (!found) return undefined;
  const seconds = Date.parse(`${found[1]}${found[3]}`);
  if (Number.isNaN(seconds)) return undefined;
  const nanos = BigInt(seconds) * 1_000_000n + BigInt((found[2] ?? '').padEnd(9, '0'));
  return nanos >= 0n && nanos <= lastNanos ? String(nanos) : undefined;
}

/** Milliseconds since 1970, rounded down. */
export function msOfNanos(nanos: Nanos): number {
  return Number(BigInt(nanos) / 1_000_000n);
}

/** ISO time with milliseconds, e.g. `2026-01-31T12:00:00.000Z`. */
export function isoOfNanos(nanos: Nanos): string {
  return new Date(msOfNanos(nanos)).toISOString();
}

export function isNanos(value: unknown): value is Nanos {
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}
