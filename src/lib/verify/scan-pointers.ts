import { externalNamed, type PipelineConfig } from '../config/resolved.js';
import { metaConsumers } from '../domain/consumer-names.js';
import type { Key } from '../domain/key.js';
import type { Pointer } from '../domain/pointer.js';
import { pointerSubject } from '../domain/subjects.js';
import { formatDeadLetterId } from '../domain/dead-letter.js';
import { keyOf } from '../dlq/state.js';
import { concurrently } from '../dlq/concurrently.js';
import type { Link } from '../nats/link.js';
import type { StoredMessage } from '../nats/message.js';
import { readStream } from '../nats/read-stream.js';
import { fetchOriginal } from '../pointers/original.js';
import { readPointer } from '../pointers/write.js';
import type { JournalScan } from './scan-journal.js';
import { type Finding, findingOf } from './verification.js';

export interface PointerScan {
  pointers: number;
  deadLetters: number;
  originals: number;
  malformed: number;
  readonly findings: Finding[];
  /** Ids of dead letters whose original is not there any more: nothing that breaks a promise. */
  readonly gone: { count: number; first: string | undefined };
}

const chunkSize = 512;
const lookupsAtOnce = 64;
const lanes = 16;

/** Reads every pointer that is there: closes what the journal left open, and looks for each one's original. */
export async function scanPointers(
  link: Link,
  config: PipelineConfig,
  journal: JournalScan,
): Promise<PointerScan> {
  const scan: PointerScan = {
    pointers: 0,
    deadLetters: 0,
    originals: 0,
    malformed: 0,
    findings: [],
    gone: { count: 0, first: undefined },
  };
  for (const where of ['retry', 'dlq'] as const) {
    const messages = where === 'retry' ? parked(link, config) : dead(link, config);
    let chunk: Pointer[] = [];
    for await (const message of messages) {
      if (where === 'retry') scan.pointers++;
      else scan.deadLetters++;
      const pointer = ownPointer(config, where, message);
      if (!pointer) {
        scan.malformed++;
        continue;
      }
      if (pointer.consumer === metaConsumers.main) {
        journal.meta.settle(pointer.origin.seq);
        continue;
      }
      journal.cases.settle(where, pointer.consumer, pointer.origin, pointer.cycle);
      if (where === 'retry' && externalNamed(config, pointer.consumer)) scan.findings.push(stranded(pointer));
      if (chunk.push(pointer) < chunkSize) continue;
      await checkOriginals(link, chunk, scan);
      chunk = [];
    }
    await checkOriginals(link, chunk, scan);
  }
  return scan;
}

/** The pointer in a message, where it is one of its subject and stage. */
function ownPointer(
  { roots }: PipelineConfig,
  where: 'retry' | 'dlq',
  message: StoredMessage,
): Pointer | undefined {
  const pointer = readPointer(message);
  if (pointer?.stage !== where) return undefined;
  const { consumer, origin } = pointer;
  return pointerSubject(roots[where], consumer, origin.seq) === message.subject ? pointer : undefined;
}

function dead(link: Link, { streams, roots }: PipelineConfig): AsyncGenerator<StoredMessage> {
  return readStream(link, { stream: streams.dlq.name, filters: [`${roots.dlq}.>`] });
}

/** The messages of the retry stream. A workqueue gives each message to one consumer, so they are read one by one. */
async function* parked(link: Link, { streams, roots }: PipelineConfig): AsyncGenerator<StoredMessage> {
  const { name } = streams.retry;
  const state = (await link.streamInfo(name))?.state;
  if (!state || state.messages === 0) return;
  const width = Math.max(1, Math.ceil((state.last_seq - state.first_seq + 1) / lanes));
  const ends: { next: number; readonly last: number }[] = [];
  for (let first = state.first_seq; first <= state.last_seq; first += width) {
    ends.push({ next: first, last: Math.min(first + width - 1, state.last_seq) });
  }
  while (ends.length > 0) {
    const found = await Promise.all(ends.map(({ next }) => link.readNext(name, `${roots.retry}.>`, next)));
    for (let i = ends.length - 1; i >= 0; i--) {
      const [lane, message] = [ends[i], found[i]];
      if (!lane || !message || message.seq > lane.last) {
        ends.splice(i, 1);
        continue;
      }
      lane.next = message.seq + 1;
      yield message;
    }
  }
}

async function checkOriginals(link: Link, pointers: readonly Pointer[], scan: PointerScan): Promise<void> {
  const states = await concurrently(
    pointers,
    lookupsAtOnce,
    async ({ origin }) => (await fetchOriginal(link, origin)).state,
  );
  for (const [i, pointer] of pointers.entries()) {
    scan.originals++;
    const state = states[i];
    if (state === undefined || state === 'present') continue;
    if (pointer.stage === 'dlq') {
      scan.gone.count++;
      scan.gone.first ??= formatDeadLetterId({ consumer: pointer.consumer, seq: pointer.origin.seq });
    } else scan.findings.push(originalFinding(keyOf(pointer, pointer.stage), state));
  }
}

function stranded(pointer: Pointer): Finding {
  const detail = `its pointer waits in the retry stage, and ${pointer.consumer} is external: nobody runs it. It is retried once the consumer has a handler again`;
  return findingOf(keyOf(pointer, 'retry'), 'stranded', detail);
}

function originalFinding(key: Key, state: 'missing' | 'replaced'): Finding {
  const { stream, seq } = key.origin;
  const where = 'its pointer in the retry stage';
  return state === 'missing'
    ? findingOf(key, 'original-missing', `${where} names ${stream} ${seq}, which is not there any more`)
    : findingOf(
        key,
        'original-replaced',
        `${where} names another event than the one at ${stream} ${seq} now`,
      );
}
