import type { Link } from '../link.js';
import { serverNoteIn, type StoredMessage } from '../wire/message.js';
import type { ReadOptions } from './read-options.js';

/** Subjects that are asked for together: their messages are held at once. */
const atOnce = 256;

/**
 * The last message of each subject up to `lastSeq`, in their order, with nothing but the right to look single ones up.
 * Knows of each only the sequence until it is its turn.
 */
export async function* stepThroughLast(
  link: Link,
  { stream, filters, headersOnly = false, signal }: ReadOptions,
  lastSeq: number,
): AsyncGenerator<StoredMessage> {
  const subjects = new Set<string>();
  for (const filter of filters) {
    const info = await link.streamInfo(stream, filter);
    for (const subject of Object.keys(info?.state.subjects ?? {})) subjects.add(subject);
  }
  const all = [...subjects];
  const seqs: number[] = [];
  for (let from = 0; from < all.length; from += atOnce) {
    const found = await link.readLastOfEach(stream, all.slice(from, from + atOnce));
    for (const { seq } of found.values()) if (seq <= lastSeq) seqs.push(seq);
  }
  const inOrder = seqs.toSorted((a, b) => a - b);
  for (const seq of inOrder) {
    if (signal?.aborted === true) return;
    const message = await link.readFromLeader(stream, seq);
    if (!message || serverNoteIn(message) !== undefined) continue;
    yield headersOnly ? { ...message, data: new Uint8Array() } : message;
  }
}
