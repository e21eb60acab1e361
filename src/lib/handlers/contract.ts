import type { Logger } from '../observe/log.js';
import type { MessageHeaders } from '../nats/wire/message.js';

/** An event as a handler sees it: exactly what was published, or as it was edited for a replay. */
export interface PlutomiEvent<Data = unknown> {
  /** The event type, e.g. `totp.requested`. */
  readonly type: string;
  /** The subject that it was published to. */
  readonly subject: string;
  /** The payload, without its envelope: the schema's output where the type has one, else the decoded JSON. Reading it rejects the event when it is not JSON. */
  readonly data: Data;
  /** The payload as it was published, without a byte order mark. Undefined: it is not text in UTF-8. */
  readonly text: string | undefined;
  /** The payload's bytes. */
  readonly raw: Uint8Array;
  /** Header names as published, each with all its values. */
  readonly headers: MessageHeaders;
  /** `Nats-Msg-Id`, where the publisher set one. */
  readonly id: string | undefined;
  /** Name of the events stream. */
  readonly stream: string;
  /** Its sequence in the events stream. */
  readonly seq: number;
  /** When the stream stored it. */
  readonly time: Date;
  /**
   * Where the config has an `envelope`: its keys but the payload, `attempts` among them, as they are for this attempt.
   * Reading it may reject the event, as `data` does.
   */
  readonly envelope?: Readonly<Record<string, unknown>> | undefined;
  /** A person has edited it since: data and headers are theirs, all else is that of the original. */
  readonly edited: boolean;
  /** It is read again by `events replay`: it may have been handled long ago. A replay from the DLQ is none: see `context.cycle`. */
  readonly replayed: boolean;
}

/** What a handler learns about the attempt, besides the event. */
export interface HandlerContext {
  /** Name of the consumer in the config. */
  readonly consumer: string;
  /** `main`: read from the events stream. `retry`: the retry stage, after `main` gave up. */
  readonly stage: 'main' | 'retry';
  /** 1 for the first attempt of this stage. */
  readonly attempt: number;
  /** How many times the event was replayed from the DLQ for this consumer. */
  readonly cycle: number;
  /** The same for every attempt of this event by this consumer, replays included: use it to make effects happen once. */
  readonly idempotencyKey: string;
  /** It is `dlq test` that asks: have no effects. Only handlers with `export const supportsDryRun = true` are asked so. */
  readonly dryRun?: boolean;
  /** Aborts when the attempt times out, and when the process stops without waiting any longer. */
  readonly signal: AbortSignal;
  /** Logs with the consumer, event and attempt as fields. */
  readonly log: Logger;
}

/** What a batch handler learns about the attempts, besides the events. */
export interface BatchContext {
  /** Name of the consumer in the config. */
  readonly consumer: string;
  /** `main`: read from the events stream. `retry`: the retry stage, after `main` gave up. */
  readonly stage: 'main' | 'retry';
  /** It is `dlq test` that asks, with one event: have no effects. */
  readonly dryRun?: boolean;
  /** Aborts when the batch times out, and when the process stops without waiting any longer. */
  readonly signal: AbortSignal;
  /** Logs with the consumer and the size of the batch as fields. */
  readonly log: Logger;
  /** What is of each event its own. */
  attemptOf(event: PlutomiEvent): BatchAttempt;
}

/** The attempt of one event of a batch. */
export type BatchAttempt = Pick<HandlerContext, 'attempt' | 'cycle' | 'idempotencyKey'>;

/** What became of one event of a batch. Nothing: it is done. An error: its attempt failed. Or as `Promise.allSettled` has it. */
export type BatchOutcome = undefined | null | Error | PromiseSettledResult<unknown>;

/** What a batch handler gives back. */
export type BatchResult =
  | void
  | undefined
  | null
  | readonly BatchOutcome[]
  | ReadonlyMap<PlutomiEvent, BatchOutcome>;

/**
 * Handles 1 to `batch.size` events at once. Returning nothing is success of all; throwing is a failed attempt of all; a
 * list has an outcome for each event in their order, a map for those that are in it, and the others are done: nothing,
 * a `Reject`, a `Snooze`, or another error. At-least-once, as for a `Handler`.
 */
export type BatchHandler<Data = unknown> = (
  events: readonly PlutomiEvent<Data>[],
  context: BatchContext,
) => BatchResult | Promise<BatchResult>;

/**
 * Handles one event. Returning is success; throwing is a failed attempt; `Reject` means never try again;
 * `Snooze` means try again later. At-least-once: the same event can come again, so effects should be idempotent.
 */
export type Handler<Data = unknown> = (event: PlutomiEvent<Data>, context: HandlerContext) => unknown;
