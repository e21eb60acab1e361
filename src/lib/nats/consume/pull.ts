import { createInbox, type Msg, type Subscription } from '@nats-io/transport-node';
import type { Clock } from '../../flow/clock.js';
import { Delivery } from './delivery.js';
import type { NotAllowedError } from '../errors.js';
import type { Link } from '../link.js';
import { leave } from './leave.js';

export interface PullOptions {
  readonly stream: string;
  readonly consumer: string;
  /** Most messages that the taker holds and that are on the way to it, together. */
  readonly capacity: number;
  /** How long one request waits at the server, ms. Default 5000. */
  readonly expiresMs?: number;
  /** The server's sign of life while a request waits, ms; twice missed means ask again. Default 1000. */
  readonly heartbeatMs?: number;
}

export interface PullTaker {
  /** A message arrived; the taker holds it until it calls `release`. Must not throw. */
  onMessage(delivery: Delivery): void;
  /** The server says that the consumer is gone, or nothing answers for it. */
  onGone(why: string): void;
  /** The server says that it has nothing at hand now: each second while a request waits. */
  onIdle?(): void;
}

/** Requests are sent again after this long without a sign of life or after an error. */
const retryMs = 1000;
/** How long `stop` waits for a request to be filled. */
const stopGraceMs = 200;

/**
 * Pulls messages of one durable consumer, never more than `capacity` at a time.
 *
 * Messages reach the taker the moment they arrive, so that it can keep their leases from receipt on: the
 * client's own `consume()` holds messages back that are not kept alive.
 */
export class Pull {
  private sub: Subscription;
  /** Where the requests that are out are answered; none of another inbox is filled any more. */
  private inbox = '';
  private readonly request: string;
  private readonly timer: NodeJS.Timeout;
  private readonly unwatch: () => void;
  /** Most messages that one request may ask for: the server names its limit when it refuses one. */
  private maxBatch = Number.POSITIVE_INFINITY;
  private held = 0;
  private asked = 0;
  private readonly clock: Clock;
  private lastSignAt: number;
  private checkedAt: number;
  private askAgainAt = 0;
  private asking = false;
  private paused = false;
  private stopped = false;
  private onFilled: (() => void) | undefined;

  constructor(
    private readonly link: Link,
    private readonly options: PullOptions,
    private readonly taker: PullTaker,
  ) {
    this.clock = link.clock;
    this.lastSignAt = this.clock.monotonic();
    this.checkedAt = this.lastSignAt;
    this.request = `${link.apiPrefix}.CONSUMER.MSG.NEXT.${options.stream}.${options.consumer}`;
    this.sub = this.listen();
    this.timer = setInterval(() => this.check(), Math.max(50, this.heartbeatMs / 2));
    this.unwatch = link.watch((state) => {
      this.forgetRequests();
      if (state === 'reconnected') this.askAgainAt = 0;
      this.ask();
    });
    this.ask();
  }

  private get heartbeatMs(): number {
    return this.options.heartbeatMs ?? 1000;
  }

  /** The taker is done with `count` messages. */
  release(count = 1): void {
    this.held -= count;
    this.ask();
  }

  /** Is this refusal about what was asked for here, or about where the answers come to? */
  concerns({ subject }: NotAllowedError): boolean {
    return subject === this.request || subject === this.inbox;
  }

  /** A request waits for its answer. */
  get isAsking(): boolean {
    return this.asked > 0;
  }

  /** Asks for nothing more until `resume`; what is on the way still arrives. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.ask();
  }

  /**
   * Asks for nothing more. Resolves when all that was on the way has arrived at the taker; with `abandon`, which is
   * for a consumer that acknowledges nothing, without waiting for that.
   */
  async stop({ abandon = false } = {}): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    clearInterval(this.timer);
    this.unwatch();
    if (!abandon) await this.filled();
    await leave(this.sub, this.link);
  }

  /**
   * A server that is just filling a request goes on for a moment after its inbox is gone: those messages would
   * come back only after their ack wait. Without a message at hand it is not filling anything.
   */
  private async filled(): Promise<void> {
    if (this.asked === 0 || !this.link.connected) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, stopGraceMs);
      this.onFilled = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** With the acks of this turn: one write for them and the request. */
  private ask(): void {
    if (this.asking) return;
    this.asking = true;
    this.link.atEndOfTurn(() => {
      this.asking = false;
      this.askNow();
    });
  }

  private askNow(): void {
    const free = this.options.capacity - this.held - this.asked;
    // In batches: a request for each released message would double the traffic.
    if (free <= 0 || (this.asked > 0 && free < this.options.capacity / 4)) return;
    if (this.stopped || this.paused || !this.link.connected || this.clock.monotonic() < this.askAgainAt)
      return;
    this.asked += free;
    this.lastSignAt = this.clock.monotonic();
    const expires = (this.options.expiresMs ?? 5000) * 1_000_000;
    const idle_heartbeat = this.heartbeatMs * 1_000_000;
    for (let left = free; left > 0; left -= this.maxBatch) {
      const request = JSON.stringify({ batch: Math.min(left, this.maxBatch), expires, idle_heartbeat });
      this.link.sendNow(this.request, request, this.inbox);
    }
  }

  private listen(): Subscription {
    this.inbox = createInbox(this.link.target.inboxPrefix ?? '_INBOX');
    return this.link.nc.subscribe(this.inbox, { callback: (error, msg) => this.arrived(error, msg) });
  }

  /**
   * Nobody can say what becomes of the requests that are out. The server must not fill them beside the next
   * ones, so their inbox goes with them; what is on the way to it still arrives.
   */
  private forgetRequests(): void {
    const { sub } = this;
    this.sub = this.listen();
    this.asked = 0;
    void leave(sub, this.link);
  }

  private check(): void {
    const now = this.clock.monotonic();
    // The event loop was blocked: signs of life wait to be read, so silence proves nothing.
    if (now - this.checkedAt > this.heartbeatMs) this.lastSignAt = now;
    this.checkedAt = now;
    const silent = now - this.lastSignAt > this.heartbeatMs * 2 + 500;
    if (silent && this.asked > 0 && this.link.connected) {
      this.forgetRequests();
      this.taker.onGone('nothing answers for it, or this user may not read from it');
    }
    this.ask();
  }

  private arrived(error: Error | null, msg: Msg): void {
    if (error) {
      this.askAgainAt = this.clock.monotonic() + retryMs;
      this.taker.onGone(error.message);
      return;
    }
    this.lastSignAt = this.clock.monotonic();
    const delivery = Delivery.from(msg);
    if (delivery) {
      this.held++;
      if (this.asked > 0) this.asked--;
      if (this.asked === 0) this.onFilled?.();
      this.taker.onMessage(delivery);
      this.ask();
      return;
    }
    this.status(msg);
  }

  private status(msg: Msg): void {
    const code = msg.headers?.code ?? 0;
    if (code === 100 || code === 404 || code === 408) this.taker.onIdle?.();
    if (code === 100) return;
    // How many of its request stay unfilled; without a number it is unknown which request it was.
    const left = Number(msg.headers?.get('Nats-Pending-Messages') ?? '');
    if (left > 0) this.asked = Math.max(0, this.asked - left);
    else this.forgetRequests();
    const described = msg.headers?.description ?? `status ${code}`;
    const [, limit] = /^Exceeded MaxRequestBatch of (\d+)/.exec(described) ?? [];
    if (code === 409 && limit !== undefined) {
      this.maxBatch = Math.max(1, Number(limit));
    } else if (code !== 404 && code !== 408) {
      this.askAgainAt = this.clock.monotonic() + retryMs;
      const why = code === 503 ? 'nothing answers for it' : described;
      this.taker.onGone(why);
    }
    this.ask();
  }
}
