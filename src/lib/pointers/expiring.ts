import { metaConsumers } from '../domain/consumer-names.js';
import { expiresAtMs } from '../domain/message-ttl.js';
import type { Pointer } from '../domain/pointer.js';
import { msOfNanos } from '../domain/time.js';
import { readBatches } from '../nats/read/read-batches.js';
import type { StoredMessage } from '../nats/wire/message.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { type DlqEntry, readEntry } from './entry.js';
import { KeptIndex } from './kept/list-kept.js';
import { EndingStreams } from './ending-streams.js';

/** How long a dead letter can still be replayed. Infinity: what never ends. */
export interface Ending {
  readonly consumer: string;
  readonly seq: number;
  /** When its event leaves its stream, ms since 1970: what was kept of it outlives that. */
  readonly endMs: number;
  /** When it leaves the DLQ itself, ms since 1970. */
  readonly letterEndMs: number;
}

const never = Number.POSITIVE_INFINITY;

/** Counts the dead letters that can't be replayed soon. Only what is new is read, but when the first of them is near its end: then all. */
export class ExpiringOriginals {
  private next = 1;
  /** When the first of those that were seen ends, ms since 1970. */
  private firstEndMs = never;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly withinMs: number,
  ) {}

  async count(): Promise<number> {
    const { clock } = this.pipeline;
    for await (const one of this.read(this.next)) this.firstEndMs = Math.min(this.firstEndMs, firstOf(one));
    if (this.firstEndMs > clock.now() + this.withinMs) return 0;
    const untilMs = clock.now() + this.withinMs;
    const near: Ending[] = [];
    let firstEndMs = never;
    for await (const ending of this.read(1)) {
      if (firstOf(ending) > untilMs) firstEndMs = Math.min(firstEndMs, firstOf(ending));
      else near.push(ending);
    }
    const lost = await withoutKept(this.pipeline, near, untilMs);
    this.firstEndMs = lost.reduce((first, one) => Math.min(first, firstOf(one)), firstEndMs);
    return lost.length;
  }

  private async *read(from: number): AsyncGenerator<Ending> {
    const { link, config, places } = this.pipeline;
    const streams = new EndingStreams(link);
    for await (const messages of readBatches(link, places.dlq.stream, from)) {
      const letters = messages.map((message) => ({ entry: readEntry(config, message), time: message.time }));
      yield* await endingsOf(this.pipeline, streams, letters);
      this.next = Math.max(this.next, (messages.at(-1)?.seq ?? 0) + 1);
    }
  }
}

function firstOf({ endMs, letterEndMs }: Ending): number {
  return Math.min(endMs, letterEndMs);
}

/** Those of which nothing was kept, or that leave the DLQ themselves by then. */
export async function withoutKept(
  pipeline: Pipeline,
  near: readonly Ending[],
  untilMs: number,
): Promise<readonly Ending[]> {
  const kept = near.some(({ letterEndMs }) => letterEndMs > untilMs)
    ? await KeptIndex.read(pipeline)
    : undefined;
  return near.filter(
    ({ consumer, seq, letterEndMs }) => letterEndMs <= untilMs || kept?.hasOriginal(consumer, seq) !== true,
  );
}

/** A dead letter, and when it was stored. */
export interface StoredLetter {
  readonly entry: DlqEntry;
  readonly time: StoredMessage['time'];
}

/** When these dead letters end, but for those that have ended by now, or never do. */
export async function endingsOf(
  { config, clock }: Pipeline,
  streams: EndingStreams,
  letters: readonly StoredLetter[],
): Promise<Ending[]> {
  const life = config.streams.dlq.maxAgeMs;
  // The record that the routing failed with is in the dead letter itself.
  const pointers = letters
    .flatMap(({ entry }) => entry.pointer ?? [])
    .filter(({ consumer }) => consumer !== metaConsumers.main);
  const ends = await endsOfEvents(streams, pointers);
  const nowMs = clock.now();
  return letters.flatMap(({ entry: { pointer, letter }, time }) => {
    const endMs = (pointer && ends.get(pointer)) ?? never;
    const letterEndMs = life === 0 ? never : msOfNanos(time) + life;
    const ending = { consumer: letter.consumer, seq: pointer?.origin.seq ?? 0, endMs, letterEndMs };
    return firstOf(ending) > nowMs && firstOf(ending) < never ? [ending] : [];
  });
}

/** Of those whose event is in its stream, when it leaves it. */
async function endsOfEvents(
  streams: EndingStreams,
  pointers: readonly Pointer[],
): Promise<ReadonlyMap<Pointer, number>> {
  const ends = new Map<Pointer, number>();
  for (const stream of new Set(pointers.map(({ origin }) => origin.stream))) {
    const ending = await streams.of(stream);
    if (!ending) continue;
    const there = pointers.filter(({ origin }) => origin.stream === stream && origin.seq >= ending.firstSeq);
    const ttls = ending.life.allowsTtl ? await streams.ttlsOf(stream, there) : undefined;
    for (const pointer of there) {
      const { time, seq } = pointer.origin;
      ends.set(pointer, expiresAtMs(time, ttls?.get(seq), ending.life));
    }
  }
  return ends;
}
