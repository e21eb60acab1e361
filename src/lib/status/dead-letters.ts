import { archivedFilter, type DlqEntry, readEntry } from '../pointers/entry.js';
import { EndingStreams } from '../pointers/ending-streams.js';
import { type Ending, endingsOf, withoutKept } from '../pointers/expiring.js';
import { readGroupDocuments } from '../groups/group-documents.js';
import { GroupKinds } from '../groups/group-kinds.js';
import { readQueue } from '../nats/read/read-batches.js';
import type { StreamInfo } from '../nats/objects.js';
import type { Pipeline } from '../pipeline/pipeline.js';

/** More dead letters than these are not read for a look: `dlq groups` does. */
export const mostLettersRead = 5000;
const dayMs = 86_400_000;

/** What only the dead letters themselves tell. */
export interface LettersRead {
  /** How many groups they are. */
  readonly groups: number;
  /** How many can't be replayed soon: their event leaves its stream and is not kept, or they leave the DLQ. */
  readonly expiring: number;
}

/** So soon an event is expiring, ms. */
export function expiringWithinMs({ config }: Pick<Pipeline, 'config'>): number {
  return config.alerts.expiringMs ?? dayMs;
}

/** How many archived dead letters there are. */
export async function countArchived({ link, places, config }: Pipeline): Promise<number> {
  const info = await link.streamInfo(places.operations.stream, archivedFilter(config.roots.operations));
  return Object.keys(info?.state.subjects ?? {}).length;
}

/** Events expire without a word: what was read is good for so long, ms. */
const staleMs = 30_000;

/** Reads all dead letters, and again when some came or left. */
export class DeadLettersReader {
  private last: { readonly of: string; readonly tickMs: number; readonly read: LettersRead } | undefined;

  constructor(private readonly pipeline: Pipeline) {}

  /** `state`: what the server says of the DLQ. */
  async read({ messages, last_seq: lastSeq }: StreamInfo['state']): Promise<LettersRead> {
    const of = `${messages} ${lastSeq}`;
    const tickMs = this.pipeline.clock.monotonic();
    if (this.last?.of === of && tickMs - this.last.tickMs < staleMs) return this.last.read;
    const read = await readDeadLetters(this.pipeline);
    this.last = { of, tickMs, read };
    return read;
  }
}

async function readDeadLetters(pipeline: Pipeline): Promise<LettersRead> {
  const { link, config, places, clock } = pipeline;
  const kinds = new GroupKinds(await readGroupDocuments(pipeline));
  const shapes = new Map<string, DlqEntry>();
  const streams = new EndingStreams(link);
  const untilMs = clock.now() + expiringWithinMs(pipeline);
  const near: Ending[] = [];
  // One by one from the leader, where this user may not read many: with no consumer of its own.
  for await (const messages of readQueue(link, places.dlq.stream)) {
    const letters = messages.map((message) => ({ entry: readEntry(config, message), time: message.time }));
    for (const { entry } of letters) {
      kinds.add(entry);
      shapes.set(`${entry.letter.consumer}\n${entry.letter.fingerprint}`, entry);
    }
    for (const one of await endingsOf(pipeline, streams, letters)) {
      if (Math.min(one.endMs, one.letterEndMs) <= untilMs) near.push(one);
    }
  }
  const { leadOf } = kinds.find();
  const leads = [...shapes.values()].map(
    ({ letter: { consumer, fingerprint } }) => `${consumer}\n${leadOf(consumer, fingerprint)}`,
  );
  const lost = await withoutKept(pipeline, near, untilMs);
  return { groups: new Set(leads).size, expiring: lost.length };
}
