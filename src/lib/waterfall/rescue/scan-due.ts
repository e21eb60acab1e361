import { metaConsumers } from '../../domain/consumer-names.js';
import type { Pointer } from '../../domain/pointer.js';
import { rescueOf } from '../../domain/rescue-due.js';
import { readBatches, readQueue } from '../../nats/read/read-batches.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { readArchivedEntry } from '../../pointers/entry.js';
import { readPointer } from '../../pointers/write-pointer.js';
import type { EndingStreams } from '../../pointers/ending-streams.js';

/** How far the pointers were read, and what is known of those that are not due yet. */
interface Seen {
  /** Next sequence in the stream of pointers. */
  next: number;
  /** The first of them is to be looked at again then, ms since 1970. */
  lookAtMs: number;
  /** Lowest sequence of an original that others may evict; by stream. */
  readonly lowest: Map<string, number>;
}

const unseen = (): Seen => ({ next: 1, lookAtMs: Number.POSITIVE_INFINITY, lowest: new Map() });

/** Where pointers are; archived ones among what people decided. */
const places = ['retry', 'dlq', 'operations'] as const;
type WithPointers = (typeof places)[number];

/**
 * Finds the pointers whose originals are in the last fifth of their life. Only what is new is read, but when one of those
 * that were not due has become so: then all of them. What is remembered does not grow with their number.
 */
export class DueScan {
  private readonly seen = { retry: unseen(), dlq: unseen(), operations: unseen() };

  constructor(private readonly pipeline: Pipeline) {}

  /** When the first that was not due has become so, ms since 1970; Infinity: none will by its age. */
  get lookAtMs(): number {
    return Math.min(...places.map((place) => this.seen[place].lookAtMs));
  }

  /** In pages. One that ends early is read again by the next look. */
  async *due(streams: EndingStreams): AsyncGenerator<readonly Pointer[]> {
    for (const place of places) yield* this.dueIn(place, streams);
  }

  private async *dueIn(place: WithPointers, streams: EndingStreams): AsyncGenerator<readonly Pointer[]> {
    const { link, clock } = this.pipeline;
    const { stream } = this.pipeline.places[place];
    const before = this.seen[place];
    const seen = (await this.isAnyDue(before, streams)) ? unseen() : { ...before };
    const pages =
      place === 'retry' ? readQueue(link, stream, seen.next) : readBatches(link, stream, seen.next);
    for await (const messages of pages) {
      const pointers = messages.flatMap((message) => this.pointerIn(message) ?? []);
      // A record of the journal is in the dead letter itself.
      const business = pointers.filter(({ consumer }) => consumer !== metaConsumers.main);
      const due = await this.dueOf(business, streams, seen, clock.now());
      if (due.length > 0) yield due;
      seen.next = Math.max(seen.next, (messages.at(-1)?.seq ?? 0) + 1);
    }
    this.seen[place] = seen;
  }

  private pointerIn(message: StoredMessage): Pointer | undefined {
    const { config, places } = this.pipeline;
    if (message.stream !== places.operations.stream) return readPointer(message);
    return readArchivedEntry(config, message)?.pointer;
  }

  private async isAnyDue({ lookAtMs, lowest }: Seen, streams: EndingStreams): Promise<boolean> {
    if (this.pipeline.clock.now() >= lookAtMs) return true;
    for (const [stream, seq] of lowest) {
      if (((await streams.of(stream))?.dueSeq ?? 0) >= seq) return true;
    }
    return false;
  }

  private async dueOf(
    pointers: readonly Pointer[],
    streams: EndingStreams,
    seen: Seen,
    nowMs: number,
  ): Promise<Pointer[]> {
    const due: Pointer[] = [];
    for (const stream of new Set(pointers.map(({ origin }) => origin.stream))) {
      const ending = await streams.of(stream);
      if (!ending) continue;
      const there = pointers.filter(
        ({ origin }) => origin.stream === stream && origin.seq >= ending.firstSeq,
      );
      const ttls = ending.life.allowsTtl ? await streams.ttlsOf(stream, there) : undefined;
      for (const pointer of there) {
        const { origin } = pointer;
        const rescue = rescueOf(origin, ttls?.get(origin.seq), ending, nowMs);
        if (rescue.due) due.push(pointer);
        else seen.lookAtMs = Math.min(seen.lookAtMs, rescue.lookAtMs);
        if (!rescue.due && ending.evicts) {
          seen.lowest.set(stream, Math.min(origin.seq, seen.lowest.get(stream) ?? origin.seq));
        }
      }
    }
    return due;
  }
}
