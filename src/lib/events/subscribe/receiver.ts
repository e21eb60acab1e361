import type { Delivery } from '../../nats/consume/delivery.js';
import { Pull } from '../../nats/consume/pull.js';
import type { NotAllowedError } from '../../nats/errors.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { HeldMessage } from '../../waterfall/worker/held-message.js';
import { LeaseKeeper } from '../../waterfall/worker/lease.js';
import { Settler } from '../../waterfall/worker/settle.js';

/** Whose messages are received, and how many at once. */
export interface ReceiverSettings {
  readonly stream: string;
  readonly consumer: string;
  /** Most messages that are held and on their way, together. */
  readonly capacity: number;
  readonly ackWaitMs: number;
}

/** Who takes what is received. */
export interface ReceiverTaker {
  /** It is held until one of `done`, `giveBack`, `end` or `forget` is called with it. Must not throw. */
  onMessage(held: HeldMessage): void;
  /** The server says that the consumer is gone, or nothing answers for it. */
  onGone(why: string): void;
  /** The server has nothing at hand now. */
  onIdle(): void;
}

/**
 * Receives the messages of a consumer for a program outside of the waterfall, and says what became of each. Keeps
 * what it holds alive from its receipt on; knows nothing of attempts and records.
 */
export class Receiver {
  private readonly settler: Settler;
  private readonly leases: LeaseKeeper;
  private readonly pull: Pull;
  private readonly lapsing = new Set<HeldMessage>();
  private readonly now: () => number;

  constructor(
    pipeline: Pipeline,
    private readonly settings: ReceiverSettings,
    private readonly taker: ReceiverTaker,
  ) {
    const { link, clock } = pipeline;
    this.now = () => clock.monotonic();
    this.settler = new Settler(link, false, this.now);
    this.leases = new LeaseKeeper(this.settler, settings.ackWaitMs, this.now);
    this.pull = new Pull(link, settings, {
      onMessage: (delivery) => this.receive(delivery),
      onGone: (why) => taker.onGone(why),
      onIdle: () => taker.onIdle(),
    });
  }

  private receive(delivery: Delivery): void {
    const held = new HeldMessage(delivery, this.settings.ackWaitMs, this.now());
    // What the server keeps in a stream for itself is not an event.
    if (delivery.serverNote !== undefined) {
      void this.settler.ack(held);
      this.pull.release();
      return;
    }
    this.leases.add(held);
    this.taker.onMessage(held);
  }

  /** The server may have given it to somebody else by now. */
  hasLapsed(held: HeldMessage): boolean {
    return held.lapsed(this.now());
  }

  /** Is this refusal about these messages? */
  concerns(error: NotAllowedError): boolean {
    return this.pull.concerns(error);
  }

  /** It is dealt with, and does not come again. */
  done(held: HeldMessage): void {
    void this.settler.ack(held);
    this.forget(held);
  }

  /** Somebody gets it again, after a while. */
  giveBack(held: HeldMessage, delayMs = 0): void {
    this.settler.nak(held, delayMs);
    this.forget(held);
  }

  /** It does not come again, although it was not dealt with. */
  end(held: HeldMessage, reason?: string): void {
    this.settler.term(held, reason);
    this.forget(held);
  }

  /** Nothing is said about it: it comes again by itself. */
  forget(held: HeldMessage): void {
    if (!this.lapsing.delete(held)) this.leases.remove(held);
    this.pull.release();
  }

  /** It is still held, and no longer kept alive. */
  letLapse(held: HeldMessage): void {
    this.lapsing.add(held);
    this.leases.remove(held);
  }

  /** Asks for nothing more. Resolves when all that was on its way has arrived. */
  stop(): Promise<void> {
    return this.pull.stop();
  }

  /** Keeps nothing alive any more. */
  close(): void {
    this.leases.stop();
  }
}
