import { expiresAtMs, type StreamLife } from './message-ttl.js';
import { msOfNanos, type Nanos } from './time.js';

/** A stream whose messages end: by age, or as others come. */
export interface EndingStream {
  readonly life: StreamLife;
  readonly firstSeq: number;
  /** Others that come may evict them. */
  readonly evicts: boolean;
  /** Up to here they are in the last fifth of the limit of messages or bytes; 0: none is. */
  readonly dueSeq: number;
}

/** What a stream says of its limits. `maxMsgs` and `maxBytes`: 0 or less is none. */
export interface StreamFill {
  readonly life: StreamLife;
  readonly evicts: boolean;
  readonly maxMsgs: number;
  readonly maxBytes: number;
  readonly messages: number;
  readonly bytes: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** An original is kept when so much of its life is left. */
const lastPart = 1 / 5;
/** It may be looked at that much of its life later, so that many are looked at together. */
const patience = 1 / 100;

/** Undefined: its messages never end, and nothing of it has to be kept. */
export function endingOf(fill: StreamFill): EndingStream | undefined {
  const { life, evicts, maxMsgs, maxBytes, firstSeq } = fill;
  const limited = evicts && (maxMsgs > 0 || maxBytes > 0);
  if (life.maxAgeMs === 0 && !life.allowsTtl && !limited) return undefined;
  return { life, firstSeq, evicts: limited, dueSeq: limited ? dueSeqOf(fill) : 0 };
}

function dueSeqOf({ maxMsgs, maxBytes, messages, bytes, firstSeq, lastSeq }: StreamFill): number {
  const byLimit = (limit: number, held: number): number => {
    if (limit <= 0 || held === 0) return 0;
    // What goes before it, as far as the average tells, and what still fits.
    const share = (limit * lastPart - (limit - held)) / held;
    return share < 0 ? 0 : firstSeq + Math.ceil(share * (lastSeq - firstSeq + 1));
  };
  return Math.max(byLimit(maxMsgs, messages), byLimit(maxBytes, bytes));
}

/** Is an original to be kept now? If not: by when it is to be looked at again, ms since 1970. */
export function rescueOf(
  { seq, time }: { readonly seq: number; readonly time: Nanos },
  ttl: string | undefined,
  { life, dueSeq }: EndingStream,
  nowMs: number,
): { readonly due: true } | { readonly due: false; readonly lookAtMs: number } {
  if (seq <= dueSeq) return { due: true };
  const endMs = expiresAtMs(time, ttl, life);
  if (endMs === Number.POSITIVE_INFINITY) return { due: false, lookAtMs: endMs };
  const lifeMs = endMs - msOfNanos(time);
  const dueMs = endMs - lifeMs * lastPart;
  return nowMs >= dueMs ? { due: true } : { due: false, lookAtMs: dueMs + lifeMs * patience };
}

const [shortestMs, longestMs] = [200, 60_000];

/** How often a stream is looked at, ms: a hundredth of its age, and where any message may end soon, each second. */
export function lookEveryMs({ life, evicts }: Pick<EndingStream, 'life' | 'evicts'>): number {
  const byAgeMs =
    life.maxAgeMs > 0 ? Math.min(longestMs, Math.max(shortestMs, life.maxAgeMs / 100)) : longestMs;
  return life.allowsTtl || evicts ? Math.min(1000, byAgeMs) : byAgeMs;
}
