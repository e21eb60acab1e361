import { createInbox, type Msg, type Subscription } from '@nats-io/transport-node';
import { Delivery } from './delivery.js';
import type { Link } from './link.js';

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
  /** The server says that the consumer is gone, or nobody answers for it. */
  onGone(why: string): void;
}

/** Requests are sent again after this long without a sign of life or after an error. */
const retryMs = 1000;

/**
 * Pulls messages of one durable consumer, never more than `capacity` at a time.
 *
 * Messages reach the taker the moment they arrive, so that it can keep their leases from receipt on: the
 * client's own `consume()` holds messages back that nobody keeps alive.
 */
export class Pull {
  private readonly sub: Subscription;
  private readonly inbox: string;
  private readonly request: string;
  private readonly timer: NodeJS.Timeout;
  private readonly unwatch: () => void;
  private held = 0;
  private asked = 0;
  private lastSignAt: number;
  private askAgainAt = 0;
  private paused = false;
  private stopped = false;

  constructor(
    private readonly link: Link,
    private readonly options: PullOptions,
    private readonly taker: PullTaker,
  ) {
    this.request = `${link.apiPrefix}.CONSUMER.MSG.NEXT.${options.stream}.${options.consumer}`;
    this.inbox = createInbox(link.target.inboxPrefix ?? '_INBOX');
    this.lastSignAt = performance.now();
    this.sub = link.nc.subscribe(this.inbox, { callback: (error, msg) => this.arrived(error, msg) });
    this.timer = setInterval(() => this.check(), Math.max(50, this.heartbeatMs / 2));
    this.unwatch = link.watch((state) => {
      if (state === 'reconnected') this.askAfresh();
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

  /** Asks for nothing more until `resume`; what is on the way still arrives. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.ask();
  }

  /** Asks for nothing more. Resolves when all that was on the way has arrived at the taker. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    clearInterval(this.timer);
    this.unwatch();
    if (this.link.connected) await this.sub.drain().catch(() => {});
    else this.sub.unsubscribe();
  }

  private ask(): void {
    if (this.stopped || this.paused || !this.link.connected || performance.now() < this.askAgainAt) return;
    const free = this.options.capacity - this.held - this.asked;
    // In batches: a request for each released message would double the traffic.
    if (free <= 0 || (this.asked > 0 && free < this.options.capacity / 4)) return;
    this.asked += free;
    this.lastSignAt = performance.now();
    const expiresMs = this.options.expiresMs ?? 5000;
    this.link.nc.publish(
      this.request,
      JSON.stringify({
        batch: free,
        expires: expiresMs * 1_000_000,
        idle_heartbeat: this.heartbeatMs * 1_000_000,
      }),
      { reply: this.inbox },
    );
  }

  private askAfresh(): void {
    this.asked = 0;
    this.askAgainAt = 0;
    this.ask();
  }

  private check(): void {
    const now = performance.now();
    if (this.asked > 0 && now - this.lastSignAt > this.heartbeatMs * 2 + 500) this.asked = 0;
    this.ask();
  }

  private arrived(error: Error | null, msg: Msg): void {
    if (error) {
      this.askAgainAt = performance.now() + retryMs;
      this.taker.onGone(error.message);
      return;
    }
    this.lastSignAt = performance.now();
    const delivery = Delivery.from(msg);
    if (delivery) {
      this.held++;
      if (this.asked > 0) this.asked--;
      this.taker.onMessage(delivery);
      this.ask();
      return;
    }
    this.status(msg);
  }

  private status(msg: Msg): void {
    const code = msg.headers?.code ?? 0;
    if (code === 100) return;
    const left = Number(msg.headers?.get('Nats-Pending-Messages') ?? '');
    this.asked = Math.max(0, this.asked - (Number.isFinite(left) && left > 0 ? left : this.asked));
    if (code !== 404 && code !== 408) {
      this.askAgainAt = performance.now() + retryMs;
      const why = code === 503 ? 'nobody answers for it' : (msg.headers?.description ?? `status ${code}`);
      this.taker.onGone(why);
    }
    this.ask();
  }
}
