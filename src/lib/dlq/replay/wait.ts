import type { Pipeline } from '../../pipeline/pipeline.js';
import { decodeRecord } from '../../domain/record-decode.js';
import { keyId } from '../../domain/key.js';
import type { JournalRecord } from '../../domain/record.js';
import { recordsOfOutcome } from '../../domain/standing-records.js';
import { outcomeBy } from '../../domain/standing.js';
import { parseRecordSubject, recordFilter } from '../../domain/subjects.js';
import { lastRecords } from '../../journal/read.js';
import { readStream } from '../../nats/read/read-stream.js';
import { concurrently } from '../../flow/concurrently.js';
import type { Followed } from './replay-letters.js';

/** Ids by what became of them; all that were followed are in one of the three. */
export interface WaitResult {
  readonly resolved: readonly string[];
  readonly deadAgain: readonly string[];
  /** Neither, when the signal ended the waiting. */
  readonly pending: readonly string[];
}

export interface WaitOptions {
  /** The journal is followed from here: its next sequence before the replay began. */
  readonly fromSeq: number;
  /** Ends the waiting: a deadline, or Ctrl-C. */
  readonly signal: AbortSignal;
}

const lookupsAtOnce = 64;
/** With more consumers than this the filters are not narrowed to them. */
const maxNarrowed = 20;

/** The sequence that the journal gives to its next record. */
export async function nextJournalSeq(pipeline: Pipeline): Promise<number> {
  const { link, config } = pipeline;
  const info = await link.streamInfo(config.streams.advisories.name);
  return (info?.state.last_seq ?? 0) + 1;
}

/**
 * Follows the journal until each of them is resolved, or dead again: routed to the DLQ, where its pointer stands
 * before that is journaled.
 */
export async function waitForOutcomes(
  pipeline: Pipeline,
  followed: readonly Followed[],
  options: WaitOptions,
): Promise<WaitResult> {
  const { link } = pipeline;
  const waiting = new Waiting(followed);
  await settleEarlier(pipeline, waiting, followed);
  if (waiting.size === 0) return waiting.result();
  const { root, stream } = pipeline.places.journal;
  const { fromSeq, signal } = options;
  for await (const { subject, data } of readStream(link, {
    stream,
    filters: outcomeFilters(root, new Set(followed.map(({ key }) => key.consumer))),
    from: { seq: fromSeq },
    follow: true,
    signal,
  })) {
    if (!parseRecordSubject(root, subject)) continue;
    const decoded = decodeRecord(data);
    if (decoded.ok) waiting.take(decoded.value);
    if (waiting.size === 0) break;
  }
  return waiting.result();
}

/** The records that say what became of events of these consumers. */
export function outcomeFilters(root: string, consumers: ReadonlySet<string>): string[] {
  const narrowed = consumers.size <= maxNarrowed ? [...consumers] : [undefined];
  return narrowed.flatMap((consumer) => [
    recordFilter(root, 'business', 'RESOLVED', consumer),
    recordFilter(root, 'business', 'ROUTED', consumer),
  ]);
}

/** What an interrupted replay had set going may have ended before the journal is followed. */
async function settleEarlier(
  pipeline: Pipeline,
  waiting: Waiting,
  followed: readonly Followed[],
): Promise<void> {
  const earlier = followed.filter((one) => one.earlier);
  await concurrently(earlier, lookupsAtOnce, async ({ key }) => {
    const found = await lastRecords(pipeline, recordsOfOutcome(key));
    for (const one of found) if (one) waiting.take(one.record);
  });
}

class Waiting {
  private readonly open = new Map<string, Followed>();
  private readonly settled = { resolved: [] as string[], deadAgain: [] as string[] };

  constructor(followed: readonly Followed[]) {
    for (const one of followed) this.open.set(keyId(one.key), one);
  }

  get size(): number {
    return this.open.size;
  }

  /** Whichever stage of the cycle has ended it: what is waited for is journaled under its retry stage. */
  take(record: JournalRecord): void {
    const outcome = outcomeBy(record);
    const id = keyId({ ...record, stage: 'retry' });
    const one = outcome && this.open.get(id);
    if (!one) return;
    this.open.delete(id);
    this.settled[outcome].push(one.id);
  }

  result(): WaitResult {
    return { ...this.settled, pending: [...this.open.values()].map(({ id }) => id) };
  }
}
