import { msOfNanos } from '../domain/time.js';
import { readBatches } from '../nats/read/read-batches.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { type DlqEntry, readEntry } from '../pointers/entry.js';

/** Which dead letters are read. */
export interface NewestOptions {
  /** Only those of this consumer. */
  readonly consumer?: string;
  /** Only those below this sequence in the DLQ. */
  readonly before?: number;
  /** Those that came since then, ms since 1970, are counted apart. */
  readonly sinceMs?: number;
  /** Of those above one of these sequences, by consumer, it is counted how many there are. */
  readonly after?: ReadonlyMap<string, readonly number[]>;
  readonly signal?: AbortSignal;
}

/** The dead letters of one consumer and one shape. */
export interface ShapeLetters {
  /** The first of them. */
  readonly entry: DlqEntry;
  count: number;
  newestDlqSeq: number;
  /** When the first of them came, ms since 1970. */
  readonly oldestMs: number;
  /** How many came since `sinceMs`. */
  recent: number;
  /** How many there are above each sequence of `after`. */
  readonly above: Map<number, number>;
}

/** All dead letters, by consumer and shape. Memory grows with the shapes, not with the dead letters. */
export async function newestOfEach(
  { link, config }: Pipeline,
  {
    consumer,
    before = Number.POSITIVE_INFINITY,
    sinceMs = Number.POSITIVE_INFINITY,
    after,
    signal,
  }: NewestOptions = {},
): Promise<ShapeLetters[]> {
  const found = new Map<string, ShapeLetters>();
  for await (const messages of readBatches(link, config.streams.dlq.name)) {
    if (signal?.aborted === true) break;
    for (const message of messages) {
      if (message.seq >= before) return [...found.values()];
      const entry = readEntry(config, message);
      const { letter } = entry;
      if (consumer !== undefined && letter.consumer !== consumer) continue;
      const atMs = msOfNanos(message.time);
      const key = `${letter.consumer}\n${letter.fingerprint}`;
      let shape = found.get(key);
      if (!shape) {
        shape = { entry, count: 0, newestDlqSeq: 0, oldestMs: atMs, recent: 0, above: new Map() };
        found.set(key, shape);
      }
      shape.count++;
      shape.newestDlqSeq = message.seq;
      if (atMs >= sinceMs) shape.recent++;
      for (const seq of after?.get(letter.consumer) ?? []) {
        if (message.seq > seq) shape.above.set(seq, (shape.above.get(seq) ?? 0) + 1);
      }
    }
  }
  return [...found.values()];
}
