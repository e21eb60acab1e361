import type { NativeAdvisory } from '../domain/advisory.js';
import type { Failure } from '../domain/failure.js';
import type { Key } from '../domain/key.js';

/** Everything that a running pipeline tells about its work. The log is one subscriber. */
export type WaterfallEvent =
  | {
      readonly type: 'succeeded';
      readonly key: Key;
      readonly attempt: number;
      readonly durationMs: number;
      readonly late: boolean;
    }
  | {
      readonly type: 'attempt-failed';
      readonly key: Key;
      readonly attempt: number;
      readonly limit: number;
      readonly failure: Failure;
      readonly retryInMs?: number;
    }
  | { readonly type: 'snoozed'; readonly key: Key; readonly attempt: number; readonly delayMs: number }
  | {
      readonly type: 'exhausted';
      readonly key: Key;
      readonly attempts: number;
      readonly failure: Failure;
      readonly kind: string;
    }
  | { readonly type: 'done-already'; readonly key: Key; readonly by: string }
  | { readonly type: 'lease-lapsed'; readonly key: Key }
  | { readonly type: 'routed'; readonly key: Key; readonly to: 'retry' | 'dlq'; readonly notBeforeMs: number }
  | { readonly type: 'not-routed'; readonly key: Key; readonly because: string }
  | {
      readonly type: 'ignored-advisory';
      readonly stream: string;
      readonly consumer: string;
      readonly seq: number;
      readonly kind: string;
    }
  | {
      /** About a consumer that is to be given nothing up: somebody has changed it, or terminated its message. */
      readonly type: 'server-gave-up';
      readonly advisory: NativeAdvisory;
      /** A pointer of the retry stage that is not there any more. */
      readonly gone?: boolean;
    }
  | { readonly type: 'refused-advisory'; readonly subject: string; readonly because: string }
  | { readonly type: 'advisories-dropped'; readonly waiting: number }
  | { readonly type: 'advisory-not-copied'; readonly subject: string; readonly error: string }
  | { readonly type: 'not-listening'; readonly subject: string; readonly error: string }
  | {
      readonly type: 'event-lost';
      readonly stream: string;
      readonly consumer: string;
      readonly seq: number;
      readonly reason: string;
    }
  | {
      readonly type: 'dead-letter';
      readonly id: string;
      readonly consumer: string;
      readonly cycle: number;
      readonly reason: string;
    }
  | { readonly type: 'alert-failed'; readonly id: string; readonly error: string; readonly retryInMs: number }
  | { readonly type: 'holding'; readonly what: string; readonly error: string }
  | {
      /** For good: the message comes back later, and nobody waits for it. */
      readonly type: 'refused';
      readonly what: string;
      readonly consumer: string;
      readonly stream: string;
      readonly seq: number;
      readonly error: string;
      readonly suggestions: readonly string[];
    }
  | { readonly type: 'holding-ended'; readonly what: string; readonly heldMs: number }
  | {
      readonly type: 'waiting-for-consumer';
      readonly stream: string;
      readonly consumer: string;
      readonly why: string;
    }
  /** The server delivers nothing of it, whatever waits. Told now and then while it lasts. */
  | { readonly type: 'standstill'; readonly stream: string; readonly consumer: string; readonly why: string }
  | { readonly type: 'standstill-over'; readonly stream: string; readonly consumer: string }
  | {
      readonly type: 'numbers-rounded';
      readonly eventType: string;
      readonly stream: string;
      readonly seq: number;
    }
  | {
      /** No event: what the server keeps in a stream for itself. */
      readonly type: 'skipped';
      readonly consumer: string;
      readonly stream: string;
      readonly seq: number;
      readonly subject: string;
      readonly what: string;
    }
  | { readonly type: 'late-settlement'; readonly key: Key; readonly attempt: number };

export interface WaterfallListener {
  (event: WaterfallEvent): void;
  /** False: it makes nothing of a success at the first attempt, so that need not be told. Default: told. */
  readonly wantsSuccess?: () => boolean;
}
