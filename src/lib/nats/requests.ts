import {
  createInbox,
  type Msg,
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
  type Subscription,
  TimeoutError,
} from '@nats-io/transport-node';
import { translateError, UnreachableError } from './errors.js';

/** More of the answer is to come. */
export const more = Symbol('more');

/** A request that waits for its answer, or for the rest of it. */
interface Waiting {
  readonly subject: string;
  readonly what: string;
  /** Monotonic ms; nothing arrived by then: nothing comes. */
  deadline: number;
  /** True: that was all. */
  readonly take: (msg: Msg) => boolean;
  readonly reject: (error: Error) => void;
}

/**
 * Requests whose answers come to one inbox: a token in the reply subject says whose each is. The client's own
 * requests cost four promises and a timer each, and can't take an answer of several messages.
 *
 * What can't be answered any more, since the connection broke, is rejected at once. While there is no connection
 * a request waits for one, within its timeout.
 */
export class Requests {
  /** In order of their deadlines. */
  private readonly waiting = new Map<number, Waiting>();
  private readonly held = new Set<() => void>();
  private sub: Subscription | undefined;
  private prefix = '';
  private lastToken = 0;
  private timer: NodeJS.Timeout | undefined;
  private down = false;

  constructor(
    private readonly nc: NatsConnection,
    private readonly inboxPrefix: string | undefined,
    /** For each answer, and between the messages of a long one, ms. */
    private readonly timeoutMs: number,
  ) {
    void this.follow();
  }

  /**
   * Asks, and gives what `read` makes of the answer; `read` returns `more` while the answer goes on. `what` is
   * being done, for errors: throws UnreachableError, NotAllowedError and what `read` throws, translated.
   */
  async ask<T>(
    what: string,
    subject: string,
    payload: string,
    read: (msg: Msg) => T | typeof more,
  ): Promise<T> {
    if (this.down) await this.connection(what);
    return new Promise<T>((resolve, reject) => {
      const token = ++this.lastToken;
      const take = (msg: Msg): boolean => {
        if (msg.data.length === 0 && msg.headers?.code === 503) throw new NoRespondersError(subject);
        const value = read(msg);
        if (value === more) return false;
        resolve(value);
        return true;
      };
      try {
        if (this.sub === undefined) this.listen();
        this.nc.publish(subject, payload, { reply: this.prefix + token });
      } catch (error) {
        reject(translateError(error, what));
        return;
      }
      this.waiting.set(token, { subject, what, take, reject, deadline: performance.now() + this.timeoutMs });
      this.timer ??= setTimeout(() => this.checkDeadlines(), this.timeoutMs);
    });
  }

  private async follow(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === 'error') this.refused(status.error);
      else if (status.type === 'disconnect') this.disconnected();
      else if (status.type === 'reconnect') this.connected();
    }
    clearTimeout(this.timer);
    this.disconnected();
    // Who waited for it is told by the client that it is closed.
    this.connected();
  }

  private disconnected(): void {
    this.down = true;
    this.rejectAll(
      ({ what }) => new UnreachableError(what, undefined, 'the connection broke before the answer came'),
    );
  }

  private connected(): void {
    this.down = false;
    for (const go of this.held) go();
    this.held.clear();
  }

  private connection(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.held.delete(go);
        reject(new UnreachableError(what, undefined, 'the connection is down'));
      }, this.timeoutMs);
      this.held.add(go);
    });
  }

  /** The server refused something of this connection, perhaps one of these requests. */
  private refused(error: Error): void {
    if (!(error instanceof PermissionViolationError) || error.operation !== 'publish') return;
    this.rejectAll(({ what }) => translateError(error, what), error.subject);
  }

  private listen(): void {
    const inbox = createInbox(this.inboxPrefix ?? '_INBOX');
    this.prefix = `${inbox}.`;
    this.sub = this.nc.subscribe(`${inbox}.*`, {
      callback: (error, msg) => {
        if (error === null) this.answered(msg);
        else this.inboxRefused(error);
      },
    });
  }

  /** This user may not listen to its inbox; the next request tries again, with another one. */
  private inboxRefused(error: Error): void {
    this.sub = undefined;
    this.rejectAll(({ what }) => translateError(error, what));
  }

  private answered(msg: Msg): void {
    const token = Number(msg.subject.slice(this.prefix.length));
    const waiting = this.waiting.get(token);
    // The answer to one that was given up.
    if (waiting === undefined) return;
    let done = true;
    try {
      done = waiting.take(msg);
    } catch (error) {
      waiting.reject(translateError(error, waiting.what));
    }
    this.waiting.delete(token);
    if (done) return;
    waiting.deadline = performance.now() + this.timeoutMs;
    this.waiting.set(token, waiting);
  }

  private rejectAll(errorFor: (waiting: Waiting) => Error, only?: string): void {
    for (const [token, waiting] of this.waiting) {
      if (only !== undefined && waiting.subject !== only) continue;
      this.waiting.delete(token);
      waiting.reject(errorFor(waiting));
    }
  }

  /** One timer for all that wait. */
  private checkDeadlines(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const [token, waiting] of this.waiting) {
      if (waiting.deadline > now) {
        this.timer = setTimeout(() => this.checkDeadlines(), waiting.deadline - now);
        return;
      }
      this.waiting.delete(token);
      waiting.reject(translateError(new TimeoutError(), waiting.what));
    }
  }
}
