import type { Pipeline } from '../../pipeline/pipeline.js';
import { consumerNamed, externalNamed, type PipelineConfig } from '../../config/resolved.js';
import { metaConsumers } from '../../domain/consumer-names.js';
import { decodePointer, type Pointer } from '../../domain/pointer.js';
import { pointerSubject } from '../../domain/subjects.js';
import { formatDeadLetterId } from '../../domain/dead-letter.js';
import { keyOf } from '../../dlq/state.js';
import { moveCommand } from '../../pointers/move-command.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import { readBatches, readQueue } from '../../nats/read/read-batches.js';
import { readPages } from '../../nats/read/read-stream.js';
import { archivedFilter, readArchivedEntry } from '../../pointers/entry.js';
import { checkOriginals, type OriginalsScan } from './check-originals.js';
import type { OnRead } from '../../nats/read/read-so-far.js';
import type { JournalScan } from './scan-journal.js';
import { findingOf, type Problem } from '../verification.js';
import { suggestCommand } from '../../suggestion.js';

export interface PointerScan extends OriginalsScan {
  pointers: number;
  deadLetters: number;
  archived: number;
  malformed: number;
}

const chunkSize = 1024;

/** Reads every pointer that is there: closes what the journal left open, and looks for each one's original. */
export async function scanPointers(
  pipeline: Pipeline,
  journal: JournalScan,
  onRead: OnRead,
): Promise<PointerScan> {
  const { link, config } = pipeline;
  const scan: PointerScan = {
    pointers: 0,
    deadLetters: 0,
    archived: 0,
    originals: 0,
    malformed: 0,
    findings: [],
    gone: { count: 0, first: undefined },
  };
  for (const where of ['retry', 'dlq'] as const) {
    const { name } = config.streams[where];
    const count = where === 'retry' ? 'pointers' : 'deadLetters';
    const of = (await link.streamInfo(name))?.state.messages ?? 0;
    let chunk: Pointer[] = [];
    for await (const messages of where === 'retry' ? readQueue(link, name) : readBatches(link, name)) {
      scan[count] += messages.length;
      for (const message of messages) {
        const pointer = take(config, journal, scan, where, message);
        if (pointer) chunk.push(pointer);
      }
      onRead({ what: where === 'retry' ? 'waiting retries' : 'dead letters', done: scan[count], of });
      if (chunk.length < chunkSize) continue;
      await checkOriginals(pipeline, chunk, scan);
      chunk = [];
    }
    await checkOriginals(pipeline, chunk, scan);
  }
  await scanArchived(pipeline, journal, scan, onRead);
  return scan;
}

/** Closes what waits for these. Their originals may be gone: nothing is done with them before they are restored. */
async function scanArchived(
  pipeline: Pipeline,
  journal: JournalScan,
  scan: PointerScan,
  onRead: OnRead,
): Promise<void> {
  const { link, config } = pipeline;
  const { name } = config.streams.operations;
  const filter = archivedFilter(config.roots.operations);
  if (!(await link.streamInfo(name))) return;
  for await (const { messages, after = 0 } of readPages(link, { stream: name, filters: [filter] })) {
    const pointers: Pointer[] = [];
    for (const message of messages) {
      const entry = readArchivedEntry(config, message);
      if (!entry) {
        scan.malformed++;
        continue;
      }
      scan.archived++;
      const { consumer, origin, cycle } = entry.pointer;
      if (consumer === metaConsumers.main) journal.meta.settle(origin.seq);
      else {
        journal.cases.settle('dlq', consumer, origin, cycle);
        pointers.push(entry.pointer);
      }
    }
    await checkOriginals(pipeline, pointers, scan, false);
    onRead({ what: 'archived dead letters', done: scan.archived, of: scan.archived + after });
  }
}

/** Closes what waits for this pointer; gives it where there is an event to look for. */
function take(
  config: PipelineConfig,
  journal: JournalScan,
  scan: PointerScan,
  where: 'retry' | 'dlq',
  message: StoredMessage,
): Pointer | undefined {
  const pointer = ownPointer(config, where, message);
  if (!pointer) {
    scan.malformed++;
    return undefined;
  }
  if (pointer.consumer === metaConsumers.main) {
    journal.meta.settle(pointer.origin.seq);
    return undefined;
  }
  journal.cases.settle(where, pointer.consumer, pointer.origin, pointer.cycle);
  const stranded = strandedBecause(config, where, pointer);
  if (stranded !== undefined) {
    const { detail, suggestions } = stranded;
    scan.findings.push(findingOf(keyOf(pointer, where), 'stranded', detail, false, suggestions));
  }
  return pointer;
}

/** The pointer in a message, where it is one of its subject and stage. */
function ownPointer(
  { roots }: PipelineConfig,
  where: 'retry' | 'dlq',
  message: StoredMessage,
): Pointer | undefined {
  // When it is due is nothing to be verified.
  const decoded = decodePointer(message.data, undefined);
  const pointer = decoded.ok ? decoded.value : undefined;
  if (pointer?.stage !== where) return undefined;
  const { consumer, origin } = pointer;
  return pointerSubject(roots[where], consumer, origin.seq) === message.subject ? pointer : undefined;
}

/** No consumer of the config takes what this pointer is about. */
function strandedBecause(
  config: PipelineConfig,
  where: 'retry' | 'dlq',
  { consumer, origin }: Pointer,
): (Pick<Problem, 'detail'> & Partial<Pick<Problem, 'suggestions'>>) | undefined {
  if (consumerNamed(config, consumer)) return undefined;
  if (!externalNamed(config, consumer)) {
    const what = where === 'retry' ? 'its pointer waits in the retry stage' : 'it is a dead letter';
    const id = formatDeadLetterId({ consumer, seq: origin.seq });
    return {
      detail: `${what} of ${consumer}, which is not in the config`,
      suggestions: [
        moveCommand(consumer, 'if that was renamed'),
        ...(where === 'retry'
          ? []
          : [
              suggestCommand('dlq discard', {
                args: [id],
                flags: { reason: { blank: 'text' } },
                why: 'otherwise discard it',
              }),
            ]),
      ],
    };
  }
  return where === 'dlq'
    ? undefined
    : {
        detail: `its pointer waits in the retry stage, and ${consumer} is external: nothing runs it. It is retried once the consumer has a handler again`,
      };
}
