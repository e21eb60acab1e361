import { nakVerdict, tell, tellConfirmed, termVerdict } from '../../nats/consume/delivery.js';
import type { Link } from '../../nats/link.js';
import type { HeldMessage } from './held-message.js';

const confirmTimeoutMs = 2000;
/** One for all: an ack that waits for nothing costs no promise. */
const told = Promise.resolve();

/**
 * The only place that acknowledges. Callers in the waterfall have an acked record of what they acknowledge, or the
 * handler's success; subscriptions of programs, which are no part of it, acknowledge as their program says.
 */
export class Settler {
  constructor(
    private readonly link: Link,
    private readonly confirm: boolean,
    private readonly monotonic: () => number,
  ) {}

  /** Done with it. Confirmed where the consumer asks for that: repeated until the server answers or the lease lapses. */
  ack(held: HeldMessage): Promise<void> {
    if (this.confirm) return this.ackConfirmed(held);
    tell(this.link, held.delivery, '+ACK');
    return told;
  }

  private async ackConfirmed(held: HeldMessage): Promise<void> {
    do {
      if (await tellConfirmed(this.link, held.delivery, '+ACK', confirmTimeoutMs)) return;
    } while (!held.lapsed(this.monotonic()) && this.link.connected);
  }

  /** Bring it back after a while. Nothing after the lease has lapsed: another process may be running it. */
  nak(held: HeldMessage, delayMs: number): void {
    if (!held.lapsed(this.monotonic())) tell(this.link, held.delivery, nakVerdict(delayMs));
  }

  /** Never again: for subscriptions of programs alone, since nothing of ours would know of it. */
  term(held: HeldMessage, reason?: string): void {
    tell(this.link, held.delivery, termVerdict(reason));
  }

  /** Still on it: the server restarts its ack wait. */
  async touch(held: HeldMessage, timeoutMs: number): Promise<void> {
    const askedAt = this.monotonic();
    if (held.lapsed(askedAt)) return;
    if (await tellConfirmed(this.link, held.delivery, '+WPI', timeoutMs))
      held.touchedAt = Math.max(held.touchedAt, askedAt);
  }
}
