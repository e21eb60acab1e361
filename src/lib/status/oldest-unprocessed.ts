import type { Link } from '../nats/link.js';
import { serverNoteIn, type StoredMessage } from '../nats/wire/message.js';
import type { ConsumerInfo } from '../nats/objects.js';

/** Notes of the server that are passed over before nothing is said of what comes behind them. */
const mostNotes = 100;

/** Finds the first messages that consumers have not processed; those that have the same one to find ask once. */
export class OldestUnprocessed {
  private readonly asked = new Map<string, Promise<StoredMessage | undefined>>();

  constructor(private readonly link: Link) {}

  /**
   * The first message that a consumer has not acknowledged, as far as its floor tells. Of an external one it tells
   * nothing: it stays behind what the server gave up. What was delivered is given up in time, by its config.
   */
  async of(info: ConsumerInfo, external: boolean): Promise<StoredMessage | undefined> {
    const { delivered, ack_floor: floor, num_ack_pending: unacked, config, stream_name: stream } = info;
    if (info.num_pending + unacked === 0) return undefined;
    const from = (unacked === 0 || external ? delivered.stream_seq : floor.stream_seq) + 1;
    const filters = config.filter_subjects ?? [config.filter_subject ?? '>'];
    const found = await Promise.all(filters.map((filter) => this.next(stream, filter || '>', from)));
    return found.reduce((first, one) => (one && (!first || one.seq < first.seq) ? one : first), undefined);
  }

  private next(stream: string, filter: string, from: number): Promise<StoredMessage | undefined> {
    const key = `${stream} ${filter} ${from}`;
    let found = this.asked.get(key);
    if (!found) this.asked.set(key, (found = nextMessage(this.link, stream, filter, from)));
    return found;
  }
}

/** What the server keeps in the stream for itself is not a loss. */
async function nextMessage(
  link: Link,
  stream: string,
  filter: string,
  from: number,
): Promise<StoredMessage | undefined> {
  let seq = from;
  for (let notes = 0; notes < mostNotes; notes++) {
    const message = await link.readNext(stream, filter, seq);
    if (!message || serverNoteIn(message) === undefined) return message;
    seq = message.seq + 1;
  }
  return undefined;
}
