import { setTimeout as sleep } from 'node:timers/promises';
import { msOfNanos } from '../../domain/time.js';
import { ClosedError, UnreachableError } from '../errors.js';
import type { Link } from '../link.js';
import type { StoredMessage } from '../wire/message.js';
import type { ReadOptions } from './read-options.js';

/** How often a reader that follows asks for more. */
const pollMs = 500;

/**
 * What `readStream` yields, with one request for each message and nothing but the right to look single ones up.
 * Up to `lastSeq`, which is infinite with `follow`.
 */
export async function* stepThrough(
  link: Link,
  options: ReadOptions,
  lastSeq: number,
): AsyncGenerator<StoredMessage> {
  const { stream, filters, from, follow = false, headersOnly = false, signal } = options;
  const first = await firstSeq(link, stream, from);
  /** For each filter, its next message and where to look for it. */
  const heads = filters.map((filter) => ({
    filter,
    next: first,
    message: undefined as StoredMessage | undefined,
  }));
  while (signal?.aborted !== true) {
    await Promise.all(
      heads
        .filter(({ message }) => !message)
        .map(async (head) => {
          head.message = await patiently(follow, () => link.readNext(stream, head.filter, head.next));
        }),
    );
    const waiting = heads.filter(({ message }) => message);
    const head = waiting.toSorted((a, b) => (a.message?.seq ?? 0) - (b.message?.seq ?? 0))[0];
    if (!head?.message) {
      if (!follow || link.isOver) return;
      await sleep(pollMs);
      continue;
    }
    const { message } = head;
    if (message.seq > lastSeq) return;
    head.next = message.seq + 1;
    head.message = undefined;
    yield headersOnly ? { ...message, data: new Uint8Array() } : message;
  }
}

/** Who follows waits for a server that is away, as with a consumer. */
async function patiently(
  follow: boolean,
  read: () => Promise<StoredMessage | undefined>,
): Promise<StoredMessage | undefined> {
  try {
    return await read();
  } catch (error) {
    const isOver = error instanceof ClosedError && !error.reason;
    if (!follow || !(isOver || error instanceof UnreachableError)) throw error;
    return undefined;
  }
}

/** The first sequence to look at. Messages are in order of time: a few of them tell where to begin. */
async function firstSeq(link: Link, stream: string, from: ReadOptions['from']): Promise<number> {
  if (from === undefined || 'lastPerSubject' in from) return 1;
  if ('seq' in from) return Math.max(1, from.seq);
  const state = (await link.streamInfo(stream))?.state;
  let low = state?.first_seq ?? 1;
  let high = (state?.last_seq ?? 0) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await link.readNext(stream, '>', middle);
    if (message && msOfNanos(message.time) < from.timeMs) low = message.seq + 1;
    else high = middle;
  }
  return Math.max(1, low);
}
