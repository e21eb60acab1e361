import { pointerFilter } from '../domain/subjects.js';
import { readPages } from '../nats/read/read-stream.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { type DlqEntry, readEntry } from '../pointers/entry.js';
import type { FoundGroups } from './group-kinds.js';

/** Does an older dead letter of the same group stand in the DLQ? Reads those of its consumer up to the first one. */
export async function hasOlder(
  { link, config, places }: Pipeline,
  { dlqSeq, letter: { consumer, fingerprint } }: DlqEntry,
  { leadOf }: FoundGroups,
): Promise<boolean> {
  if (dlqSeq <= 1) return false;
  const lead = leadOf(consumer, fingerprint);
  const filters = [pointerFilter(config.roots.dlq, consumer)];
  for await (const { messages } of readPages(link, {
    stream: places.dlq.stream,
    filters,
    lastSeq: dlqSeq - 1,
  })) {
    for (const message of messages) {
      const { letter } = readEntry(config, message);
      if (message.seq < dlqSeq && leadOf(consumer, letter.fingerprint) === lead) return true;
    }
  }
  return false;
}
