import { metaConsumers } from '../domain/consumer-names.js';
import { expiresAtMs } from '../domain/message-ttl.js';
import type { Pointer } from '../domain/pointer.js';
import { readBatches } from '../nats/read/read-batches.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readEntry } from './entry.js';
import { KeptIndex } from './kept/list-kept.js';
import { EndingStreams } from './ending-streams.js';

/** An event that a dead letter is about, and when it leaves its stream. */
export interface Ending {
  readonly consumer: string;
  readonly seq: number;
  readonly endMs: number;
}

/**
 * Counts the dead letters whose event leaves its stream soon, and is not kept. Only what is new is read, but when the
 * first of them is near its end: then all of them.
 */
export class ExpiringOriginals {
  private next = 1;
  /** When the first of those that were seen leaves its stream, ms since 1970. */
  private firstEndMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly withinMs: number,
  ) {}

  async count(): Promise<number> {
    const { clock } = this.pipeline;
    for await (const { endMs } of this.read(this.next)) this.firstEndMs = Math.min(this.firstEndMs, endMs);
    if (this.firstEndMs > clock.now() + this.withinMs) return 0;
    const near: Ending[] = [];
    const nowMs = clock.now();
    let firstEndMs = Number.POSITIVE_INFINITY;
    for await (const ending of this.read(1)) {
      if (ending.endMs > nowMs + this.withinMs) firstEndMs = Math.min(firstEndMs, ending.endMs);
      else near.push(ending);
    }
    const kept = near.length === 0 ? undefined : await KeptIndex.read(this.pipeline);
    const lost = near.filter(({ consumer, seq }) => kept?.hasOriginal(consumer, seq) !== true);
    this.firstEndMs = lost.reduce((first, { endMs }) => Math.min(first, endMs), firstEndMs);
    return lost.length;
  }

  /** Those that are still in their stream. */
  private async *read(from: number): AsyncGenerator<Ending> {
    const { link, config, places, clock } = this.pipeline;
    const streams = new EndingStreams(link);
    for await (const messages of readBatches(link, places.dlq.stream, from)) {
      const pointers = messages
        .flatMap((message) => readEntry(config, message).pointer ?? [])
        // The record that the routing failed with is in the dead letter itself.
        .filter(({ consumer }) => consumer !== metaConsumers.main);
      for (const ending of await endingsOf(streams, pointers)) if (ending.endMs > clock.now()) yield ending;
      this.next = Math.max(this.next, (messages.at(-1)?.seq ?? 0) + 1);
    }
  }
}

/** Of those whose event is in its stream, when it leaves it. */
export async function endingsOf(streams: EndingStreams, pointers: readonly Pointer[]): Promise<Ending[]> {
  const endings: Ending[] = [];
  for (const stream of new Set(pointers.map(({ origin }) => origin.stream))) {
    const ending = await streams.of(stream);
    if (!ending) continue;
    const there = pointers.filter(({ origin }) => origin.stream === stream && origin.seq >= ending.firstSeq);
    const ttls = ending.life.allowsTtl ? await streams.ttlsOf(stream, there) : undefined;
    for (const { consumer, origin } of there) {
      const endMs = expiresAtMs(origin.time, ttls?.get(origin.seq), ending.life);
      endings.push({ consumer, seq: origin.seq, endMs });
    }
  }
  return endings;
}
