import { Delivery } from '../../nats/consume/delivery.js';
import type { Link } from '../../nats/link.js';
import { headerOf, msgIdHeader, type StoredMessage } from '../../nats/wire/message.js';
import type { OnRead } from '../../nats/read/read-so-far.js';
import { readPages } from '../../nats/read/read-stream.js';
import type { Scanned } from './explanation.js';

/** Events are usually looked for soon after they were published: the first look is a short one. */
const firstWindow = 2000;
const largestWindow = 128_000;

export interface FoundById {
  /** The newest event with this id; undefined: none among those that were read. */
  readonly seq?: number;
  readonly scanned: Scanned;
}

/**
 * Looks for a message id among the newest events, `limit` of them at most. The server has no index of ids, so
 * headers are read, in windows from the end, with bounded memory.
 */
export async function findByMessageId(
  link: Link,
  stream: string,
  id: string,
  limit: number,
  onRead: OnRead,
): Promise<FoundById> {
  const state = (await link.streamInfo(stream))?.state;
  const last = state?.last_seq ?? 0;
  const oldest = Math.max(state?.first_seq ?? 1, last - limit + 1);
  let events = 0;
  let window = firstWindow;
  for (let to = last; to >= oldest && to > 0; ) {
    const from = Math.max(oldest, to - window + 1);
    let found: number | undefined;
    const options = { stream, filters: ['>'], from: { seq: from }, lastSeq: to, headersOnly: true };
    for await (const { messages } of readPages(link, options)) {
      for (const message of messages) if (idOf(message) === id) found = message.seq;
      events += messages.length;
      onRead({ what: 'events', done: events, of: last - oldest + 1 });
    }
    if (found !== undefined) return { seq: found, scanned: { events, firstSeq: from, lastSeq: last } };
    to = from - 1;
    window = Math.min(window * 4, largestWindow);
  }
  return { scanned: { events, firstSeq: Math.min(oldest, last), lastSeq: last } };
}

/** Of a delivery without decoding its other headers: there may be a million. */
function idOf(message: StoredMessage): string | undefined {
  return message instanceof Delivery ? message.msgId : headerOf(message.headers, msgIdHeader);
}
