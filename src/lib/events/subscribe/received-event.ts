import { longestTimerMs, parseDuration } from '../../domain/duration.js';
import { escapeLine } from '../../domain/escape.js';
import { UsageError } from '../../errors.js';
import type { Delivery } from '../../nats/consume/delivery.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import { MessageEvent, type Opened, type StoredEvent } from '../read/stored-event.js';

/** An event of a subscription, and what can be said about it. What is said after the first time is ignored. */
export interface ReceivedEvent extends StoredEvent {
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
  /** It is dealt with, and does not come again. */
  ack(): void;
  /** Somebody gets it again: at once, or after a while (`'5s'`, or ms). @throws UsageError for a delay that is none */
  nak(delay?: string | number): void;
  /** It does not come again, although it was not dealt with. The reason stands in an advisory of the server. */
  term(reason?: string): void;
}

/** What became of a received event. */
export type Verdict =
  | { readonly is: 'done' }
  | { readonly is: 'back'; readonly delayMs: number }
  | { readonly is: 'ended'; readonly reason?: string };

/** The event in a message, whose program says what becomes of it. */
export class ReceivedMessage extends MessageEvent<StoredMessage> implements ReceivedEvent {
  readonly deliveries: number;

  constructor(
    message: Delivery,
    type: string,
    opened: Opened | undefined,
    private readonly say: (verdict: Verdict) => void,
  ) {
    super(message, type, opened);
    this.deliveries = message.deliveries;
  }

  ack(): void {
    this.say({ is: 'done' });
  }

  nak(delay: string | number = 0): void {
    this.say({ is: 'back', delayMs: delayOf(delay) });
  }

  term(reason?: string): void {
    this.say(reason === undefined ? { is: 'ended' } : { is: 'ended', reason });
  }
}

/** Milliseconds of a delay. @throws UsageError */
export function delayOf(delay: string | number): number {
  const ms = typeof delay === 'number' ? delay : parseDuration(delay);
  if (ms !== undefined && ms >= 0 && ms <= longestTimerMs) return ms;
  throw new UsageError(
    `delay: expected a duration like 5s, or milliseconds, found "${escapeLine(String(delay))}"`,
  );
}
