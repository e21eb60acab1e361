import { isoOfMs, msOfNanos, type Nanos } from './time.js';

/** The header with which a message is given a life of its own, in a stream that allows it (nats-server 2.11). */
export const ttlHeader = 'Nats-TTL';

const unitMs = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, µs: 1e-3, μs: 1e-3, ns: 1e-6 } as const;

/**
 * The life that a message was given, ms, as the server reads it: whole seconds, a duration like `1h30m`, which is
 * cut to whole seconds, or `never`, which no limit of age ends: Infinity. Undefined: it has none of its own.
 */
export function messageTtlMs(text: string): number | undefined {
  if (text.toLowerCase() === 'never') return Number.POSITIVE_INFINITY;
  const seconds = /^\+?\d+$/.test(text) ? Number(text) : durationSeconds(text);
  return seconds === undefined || seconds < 1 ? undefined : seconds * 1000;
}

function durationSeconds(text: string): number | undefined {
  if (!/^\+?((\d+\.?\d*|\.\d+)(h|ms|m|s|us|µs|μs|ns))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, number, unit] of text.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    ms += Number(number) * unitMs[unit as keyof typeof unitMs];
  }
  return Math.floor(ms / 1000);
}

/** When the age of messages ends in a stream, and whether they may have a life of their own. */
export interface StreamLife {
  /** 0: its messages never expire. */
  readonly maxAgeMs: number;
  readonly allowsTtl: boolean;
}

/** When a message leaves its stream by age, ms since 1970; Infinity: never. The earlier of its own end and the stream's. */
export function expiresAtMs(
  time: Nanos,
  ttl: string | undefined,
  { maxAgeMs, allowsTtl }: StreamLife,
): number {
  const byStreamMs = maxAgeMs > 0 ? maxAgeMs : Number.POSITIVE_INFINITY;
  const ownMs = allowsTtl && ttl !== undefined ? messageTtlMs(ttl) : undefined;
  if (ownMs === undefined) return msOfNanos(time) + byStreamMs;
  return ownMs === Number.POSITIVE_INFINITY ? ownMs : msOfNanos(time) + Math.min(ownMs, byStreamMs);
}

/** What ends later has no date in JavaScript. */
const lastMomentMs = 8.64e15;

/** The same as ISO; null: never. */
export function expiresAt(time: Nanos, ttl: string | undefined, life: StreamLife): string | null {
  const ms = expiresAtMs(time, ttl, life);
  return ms > lastMomentMs ? null : isoOfMs(ms);
}
