import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError, OperationError, type PlutomiError } from '../../errors.js';
import type { Delivery } from '../consume/delivery.js';
import { ClosedError, NotAllowedError, translateError } from '../errors.js';
import type { Link } from '../link.js';
import type { StoredMessage } from '../wire/message.js';
import { type ConsumerInfo, createReader, deleteConsumer } from '../objects.js';
import { Pull } from '../consume/pull.js';
import { capacityFor } from './capacity.js';
import type { ReadOptions } from './read-options.js';
import { startOf } from './start-of.js';
import { stepThrough } from './step-through.js';
import { stepThroughLast } from './step-through-last.js';
import { suggestCommand } from '../../suggestion.js';

/** What one turn of reading brought. */
export interface ReadPage {
  /** Never empty. */
  readonly messages: readonly StoredMessage[];
  /** How many matching messages were stored after these when the last of them was sent; undefined: unknown. */
  readonly after?: number;
}

/** Most messages in a page, and most that are on their way meanwhile; fewer where they are large. */
const capacity = 256;
/** Without payloads they are small. */
const headersCapacity = 2048;
/** Silence after which the server is asked whether anything is left. */
const idleMs = 250;
const restartPauseMs = 500;
/** Without `follow`, a server that stays away longer than this ends the reading with an error. */
const restartDeadlineMs = 30_000;
/** The server removes what a killed process leaves behind. */
const inactiveMs = 30_000;

/**
 * The messages of a stream that keeps what it delivers (not a workqueue), each once and in order, with bounded
 * memory. Uses a consumer in memory that acknowledges nothing; when that is lost (deleted, its node died, the
 * connection broke), another one goes on where it was. A user who may not make one gets the same, one request for
 * each message.
 *
 * Throws OperationError `NO_STREAM` and ConnectionError.
 */
export async function* readStream(link: Link, options: ReadOptions): AsyncGenerator<StoredMessage> {
  for await (const page of readPages(link, options)) {
    for (const message of page.messages) yield storedOf(message);
  }
}

/**
 * As `readStream`, but all messages that have arrived at once, in pages that are never empty: a turn for each
 * message would cost more than its reading. The next page is on its way while one is looked at.
 */
export async function* readPages(link: Link, options: ReadOptions): AsyncGenerator<ReadPage> {
  const info = await link.streamInfo(options.stream);
  if (!info) throw noStream(link, options.stream);
  const lastSeq = Math.min(
    options.follow ? Number.POSITIVE_INFINITY : info.state.last_seq,
    options.lastSeq ?? Number.POSITIVE_INFINITY,
  );
  if (lastSeq === 0) return;
  const reading = new Reading(
    link,
    options,
    options.headersOnly ? headersCapacity : capacityFor(info, capacity),
  );
  try {
    yield* reading.pages(lastSeq);
  } catch (error) {
    if (!(error instanceof NotAllowedError) || reading.hasBegun) throw error;
    const step = isLastOnly(options) ? stepThroughLast : stepThrough;
    for await (const message of step(link, options, lastSeq)) yield { messages: [message] };
  } finally {
    await reading.close();
  }
}

/** The error `NO_STREAM`, which names `pipeline apply`. */
export function noStream(link: Link, stream: string): OperationError {
  return new OperationError(`stream ${stream} is not on ${link.server}`, {
    code: 'NO_STREAM',
    suggestions: [suggestCommand('pipeline apply'), 'name another server with --server or --context'],
  });
}

function isLastOnly({ from }: ReadOptions): boolean {
  return from !== undefined && 'lastPerSubject' in from;
}

function storedOf(delivery: StoredMessage): StoredMessage {
  const { stream, subject, seq, time, data, headers } = delivery;
  return { stream, subject, seq, time, data, headers };
}

class Reading {
  private readonly queue: Delivery[] = [];
  private consumer: string | undefined;
  private pull: Pull | undefined;
  /** Deliveries of the present consumer that arrived here. */
  private received = 0;
  private taken = 0;
  private nextSeq: number | undefined;
  /** A message beyond the last that is wanted has arrived. */
  private isPast = false;
  private lost = true;
  /** The server was asked and did not answer, first at this monotonic ms, and nothing arrived since. */
  private silentSince: number | undefined;
  private wake: () => void = () => {};
  private refusal: NotAllowedError | undefined;
  /** The connection is closed for good: why, unless it was closed here. */
  private end: { readonly reason: PlutomiError | undefined } | undefined;
  private readonly unwatch: (() => void)[];
  private readonly onAbort = (): void => this.wake();

  constructor(
    private readonly link: Link,
    private readonly options: ReadOptions,
    private readonly capacity: number,
  ) {
    // What was on its way when the connection broke does not come again.
    this.unwatch = [
      link.watch((state) => {
        if (state === 'reconnected') this.lose();
      }),
      link.watchRefusals((error) => {
        if (this.pull?.concerns(error)) this.refusal = error;
        this.wake();
      }),
      link.watchEnd((reason) => {
        this.end = { reason };
        this.wake();
      }),
    ];
    options.signal?.addEventListener('abort', this.onAbort);
  }

  /** A consumer was made. */
  get hasBegun(): boolean {
    return this.consumer !== undefined;
  }

  async *pages(lastSeq: number): AsyncGenerator<ReadPage> {
    const follow = this.options.follow === true;
    while (this.options.signal?.aborted !== true) {
      if (this.refusal) throw this.refusal;
      if (this.end?.reason) throw this.end.reason;
      if (this.end && follow) return;
      if (this.end) throw new ClosedError(`read ${this.options.stream}`, undefined);
      const taken = this.takePage(lastSeq);
      const last = taken.at(-1);
      if (last) {
        this.silentSince = undefined;
        const page = taken.filter((one) => one.serverNote === undefined && this.isNext(one));
        this.nextSeq = last.seq + 1;
        if (page.length > 0) yield { messages: page, after: last.pending };
        if (!follow && (last.pending === 0 || last.seq === lastSeq)) return;
      }
      if (this.isPast) return;
      if (last) continue;
      if (this.lost) {
        if ((await this.restart()) === 0 && !follow && !this.end) return;
      } else if (!(await this.arrival(follow ? undefined : idleMs)) && !follow && (await this.isComplete())) {
        return;
      }
    }
  }

  /** A consumer for the last of each subject begins anew with the first of them. */
  private isNext({ seq }: Delivery): boolean {
    return !isLastOnly(this.options) || seq >= (this.nextSeq ?? 0);
  }

  /** All that has arrived, up to the last that is wanted, and up to the first gap: what comes after that is lost. */
  private takePage(lastSeq: number): readonly Delivery[] {
    const arrived = this.queue.splice(0);
    let count = 0;
    for (const delivery of arrived) {
      if (delivery.consumerSeq !== this.taken + 1) {
        this.lost = true;
        break;
      }
      this.taken++;
      if (delivery.seq > lastSeq) {
        this.isPast = true;
        break;
      }
      count++;
    }
    if (arrived.length > 0) this.pull?.release(arrived.length);
    return count === arrived.length ? arrived : arrived.slice(0, count);
  }

  async close(): Promise<void> {
    for (const unwatch of this.unwatch) unwatch();
    this.options.signal?.removeEventListener('abort', this.onAbort);
    await this.drop();
  }

  private lose(): void {
    this.lost = true;
    this.wake();
  }

  /** Waits for a delivery, a loss or the end of the reading. False: nothing of that within `timeoutMs`. */
  private arrival(timeoutMs?: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => resolve(false), timeoutMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  /**
   * Nothing arrives any more: because all was delivered, or because the consumer or a delivery got lost. Throws where
   * the server stays away.
   */
  private async isComplete(): Promise<boolean> {
    let info: ConsumerInfo | undefined;
    try {
      info = await this.link.consumerInfo(this.options.stream, this.consumer ?? '');
      this.silentSince = undefined;
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      const now = this.link.clock.monotonic();
      this.silentSince ??= now;
      if (now < this.silentSince + restartDeadlineMs) return false;
      throw error;
    }
    if (this.queue.length > 0) return false;
    if (info && info.num_pending === 0 && info.delivered.consumer_seq === this.received) return true;
    if (!info || info.delivered.consumer_seq > this.received) this.lost = true;
    return false;
  }

  /** Makes a consumer that begins after what was taken. Returns how many messages it has. */
  private async restart(): Promise<number> {
    const first = this.consumer === undefined;
    await this.drop();
    const deadline = this.link.clock.monotonic() + restartDeadlineMs;
    for (;;) {
      try {
        return await this.begin();
      } catch (error) {
        const known = translateError(error, `read ${this.options.stream}`);
        const patient = this.options.follow === true || this.link.clock.monotonic() < deadline;
        if (first || !patient || !(known instanceof ConnectionError)) throw known;
        if (this.options.signal?.aborted || this.end) return 0;
        await sleep(restartPauseMs);
      }
    }
  }

  private async begin(): Promise<number> {
    const { stream, filters, from, headersOnly = false } = this.options;
    const info = await createReader(this.link, stream, {
      headers_only: headersOnly,
      ...startOf(this.nextSeq === undefined || isLastOnly(this.options) ? from : { seq: this.nextSeq }),
      filter_subjects: filters,
      inactiveMs,
    });
    this.consumer = info.name;
    this.received = 0;
    this.taken = 0;
    this.lost = false;
    const pull = new Pull(
      this.link,
      { stream, consumer: info.name, capacity: this.capacity },
      {
        onMessage: (delivery) => {
          if (this.pull !== pull) return;
          this.received++;
          this.queue.push(delivery);
          this.wake();
        },
        onGone: () => {
          if (this.pull === pull) this.lose();
        },
      },
    );
    this.pull = pull;
    this.options.onBegun?.();
    return info.num_pending;
  }

  private async drop(): Promise<void> {
    const { pull, consumer } = this;
    this.pull = undefined;
    await pull?.stop({ abandon: true });
    // The server would remove it by itself after a while.
    if (consumer !== undefined && this.link.connected) {
      await deleteConsumer(this.link, this.options.stream, consumer).catch(() => {});
    }
  }
}
