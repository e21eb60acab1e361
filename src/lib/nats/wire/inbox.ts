import {
  createInbox,
  type Msg,
  type NatsConnection,
  PermissionViolationError,
  type Subscription,
  TimeoutError,
} from '@nats-io/transport-node';
import type { PlutomiError } from '../../errors.js';
import type { Clock } from '../../flow/clock.js';
import { translateError, UnreachableError } from '../errors.js';
import { PendingRequests } from './pending-requests.js';
import { numberInSubject } from './raw-message.js';
import type { Bytes, Wire } from './wire.js';

/** A message whose sender waits for the answer. */
export interface PendingRequest {
  readonly subject: string;
  /** Emptied when it is sent: what waits for its answer is small. */
  payload: Bytes;
  /** As they go over the wire; empty for none, and when they are sent. */
  headers: string;
  /** What is being done, for errors. */
  readonly what: string;
  /** How long the answer may take, and each next part of a long one, ms. */
  readonly timeoutMs: number;
  /** Monotonic ms; nothing arrived by then: nothing comes. Kept by the inbox. */
  deadline: number;
  /** Length of payload and headers. Kept by the inbox. */
  size: number;
  /** An answer, or a part of one. True: that was all. Must not throw. */
  take(msg: Msg): boolean;
  /** There is no answer. Must not throw. */
  fail(error: PlutomiError): void;
}

/**
 * Most messages without an answer, and their bytes. The server keeps what it has not stored yet in a queue of
 * 10,000 messages a stream and refuses what goes beyond, so several processes at this bound are still served.
 */
const windowSize = 2048;
const windowBytes = 16 * 1024 * 1024;

/**
 * Sends requests whose answers all come to one subject with a wildcard: a token in the reply subject says whose each
 * is. A request for each, as the client makes it, costs four promises and a timer more, and can't take an answer of
 * several messages.
 *
 * A request whose answer can't come any more, since the connection broke, fails at once and not after its timeout.
 * While there is no connection nothing is sent, as the client forgets what it could not send; it waits, within its
 * timeout.
 */
export class Inbox {
  private readonly waiting = new PendingRequests<PendingRequest>(windowSize);
  private queue: PendingRequest[] = [];
  private bytes = 0;
  private sub: Subscription | undefined;
  private prefix = '';
  private prefixBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private checkAt = Number.POSITIVE_INFINITY;
  private down = false;
  private ended: PlutomiError | undefined;

  constructor(
    private readonly nc: NatsConnection,
    private readonly wire: Wire,
    private readonly clock: Clock,
    private readonly inboxPrefix: string | undefined,
  ) {}

  ask(request: PendingRequest): void {
    request.deadline = this.clock.monotonic() + request.timeoutMs;
    if (!this.down && this.queue.length === 0 && this.hasRoom) {
      this.send(request);
      return;
    }
    this.queue.push(request);
    this.checkBy(request);
  }

  /** The connection broke: answers that are on their way are lost, and it is unknown what became of the requests. */
  disconnected(): void {
    this.down = true;
    this.failAll(
      ({ what }) => new UnreachableError(what, undefined, 'the connection broke before the answer came'),
    );
  }

  connected(): void {
    this.down = false;
    this.admit();
  }

  /** The connection is closed and stays so: nothing is answered any more, and what waits finds it closed. */
  closed(reason?: PlutomiError): void {
    this.ended = reason;
    clearTimeout(this.timer);
    this.disconnected();
    this.connected();
  }

  /** The server refused something of this connection, perhaps one of these requests. */
  refused(error: Error): void {
    if (!(error instanceof PermissionViolationError) || error.operation !== 'publish') return;
    this.failAll(({ what }) => translateError(error, what), error.subject);
  }

  private get hasRoom(): boolean {
    return this.waiting.count < windowSize && this.bytes < windowBytes;
  }

  /** Lets in as many as there is room for, in the order in which they came. */
  private admit(): void {
    const { queue } = this;
    let admitted = 0;
    while (admitted < queue.length && !this.down && this.hasRoom)
      this.send(queue[admitted++] as PendingRequest);
    if (admitted > 0) queue.splice(0, admitted);
  }

  private send(request: PendingRequest): void {
    const { subject, payload, headers } = request;
    const token = this.waiting.add(request);
    request.size = payload.length + headers.length;
    this.bytes += request.size;
    try {
      if (this.sub === undefined) this.listen();
      this.wire.publish(subject, this.prefix + token, headers, payload);
    } catch (error) {
      this.forget(token, request);
      request.fail(translateError(error, request.what, this.ended));
      return;
    }
    request.payload = '';
    request.headers = '';
    this.checkBy(request);
  }

  private listen(): void {
    const inbox = createInbox(this.inboxPrefix ?? '_INBOX');
    this.prefix = `${inbox}.`;
    this.prefixBytes = Buffer.byteLength(this.prefix);
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
    this.failAll(({ what }) => translateError(error, what));
  }

  private answered(msg: Msg): void {
    const token = numberInSubject(msg, this.prefixBytes);
    const request = this.waiting.get(token);
    // The answer to one that was given up.
    if (request === undefined) return;
    if (request.take(msg)) {
      this.forget(token, request);
      this.admit();
    } else {
      request.deadline = this.clock.monotonic() + request.timeoutMs;
    }
  }

  private forget(token: number, { size }: PendingRequest): void {
    this.waiting.remove(token);
    this.bytes -= size;
  }

  private failAll(errorFor: (request: PendingRequest) => PlutomiError, only?: string): void {
    for (const [token, request] of this.waiting.entries()) {
      if (only !== undefined && request.subject !== only) continue;
      this.forget(token, request);
      request.fail(errorFor(request));
    }
    this.admit();
  }

  /** One timer for all that wait. */
  private checkBy({ deadline }: PendingRequest): void {
    if (deadline >= this.checkAt) return;
    clearTimeout(this.timer);
    this.checkAt = deadline;
    this.timer = setTimeout(() => this.checkDeadlines(), deadline - this.clock.monotonic());
  }

  private checkDeadlines(): void {
    const now = this.clock.monotonic();
    this.checkAt = Number.POSITIVE_INFINITY;
    for (const [token, request] of this.waiting.entries()) {
      if (request.deadline > now) {
        this.checkBy(request);
        continue;
      }
      this.forget(token, request);
      request.fail(translateError(new TimeoutError(), request.what));
    }
    const { queue } = this;
    this.queue = queue.filter(({ deadline }) => deadline > now);
    for (const request of this.queue) this.checkBy(request);
    const reason = this.down ? 'the connection is down' : 'no answer in time to those before it';
    for (const request of queue) {
      if (request.deadline <= now) request.fail(new UnreachableError(request.what, undefined, reason));
    }
    this.admit();
  }
}
