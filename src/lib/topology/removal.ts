import type { Link } from '../nats/link.js';
import { countDeliverable, type StreamInfo } from '../nats/objects.js';
import { countFrom } from './impact/counting.js';
import type { DesiredStream } from './desired.js';

/** The oldest messages of a stream, which a lowered limit removes at once. */
export interface Removal {
  /** Null: the server did not let us count. */
  readonly count: number | null;
  /** The first sequence that stays; null: not known. */
  readonly firstKept: number | null;
  /** By size: those that go were taken to be of average size. */
  readonly about: boolean;
}

/** Undefined: nothing goes. */
export async function removalOf(
  link: Link,
  info: StreamInfo,
  { fields }: DesiredStream,
): Promise<Removal | undefined> {
  const { state, config } = info;
  const { max_age: age = 0, max_msgs: most = -1, max_bytes: bytes = -1, discard } = fields;
  const evicts = discard === 'old';
  const byNumber = evicts && most >= 0 ? state.messages - most : 0;
  const bySize = evicts && bytes >= 0 ? oldestOf(state, state.bytes - bytes) : 0;
  const isShorter = age > 0 && (config.max_age === 0 || age < config.max_age);
  const byAge = isShorter ? await olderThan(link, info, age) : 0;
  if (byAge === null) return { count: null, firstKept: null, about: false };
  const count = Math.max(byNumber, bySize, byAge);
  if (count <= 0) return undefined;
  const firstKept = await sequenceAfter(link, info, count);
  return { count, firstKept, about: bySize > Math.max(byNumber, byAge) };
}

/** How many of the oldest messages are as large as this together. */
function oldestOf({ messages, bytes }: StreamInfo['state'], excess: number): number {
  return excess <= 0 ? 0 : Math.min(messages, Math.ceil((excess / bytes) * messages));
}

/** Messages older than `ageNs` by the server's own clock; null: can't be counted. */
async function olderThan(link: Link, info: StreamInfo, ageNs: number): Promise<number | null> {
  const { state, ts, config } = info;
  if (state.messages === 0) return 0;
  if (ts === undefined) return null;
  const younger = await countDeliverable(link, config.name, {
    deliver_policy: 'by_start_time',
    opt_start_time: new Date(Date.parse(ts) - ageNs / 1_000_000).toISOString(),
  });
  return younger === undefined ? null : Math.max(0, state.messages - younger);
}

/** The sequence from which on everything stays when the `count` oldest messages go; null: can't be counted. */
async function sequenceAfter(link: Link, info: StreamInfo, count: number): Promise<number | null> {
  const { first_seq: first, last_seq: last, messages, num_deleted: deleted } = info.state;
  if ((deleted ?? 0) === 0) return first + count;
  let [low, high] = [first + count, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const from = await countFrom(link, info, ['>'], middle);
    if (from === null) return null;
    if (from > messages - count) low = middle + 1;
    else high = middle;
  }
  return low;
}
