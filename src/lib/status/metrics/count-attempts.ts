import type { Stage } from '../../domain/key.js';
import { isExhaustionRecord, type JournalRecord } from '../../domain/record.js';
import { decodeRecord } from '../../domain/record-decode.js';
import { readBatches } from '../../nats/read/read-batches.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

/** What the journal says of the attempts of one consumer in one stage. */
export interface CountedAttempts {
  /** Failed, the last ones of a stage too. */
  failed: number;
  /** Put off by their handler. */
  snoozed: number;
  /** Stages that were used up, or failed for good: their events were acknowledged, and had not succeeded. */
  exhausted: number;
  /** Of a retry: succeeded. */
  resolved: number;
  /** How many said how long they took. */
  timed: number;
  /** How long those took together, ms. */
  totalMs: number;
}

/** Attempts by consumer and stage. */
export type AttemptCounts = (consumer: string, stage: Stage) => CountedAttempts;

const none: CountedAttempts = { failed: 0, snoozed: 0, exhausted: 0, resolved: 0, timed: 0, totalMs: 0 };

/** Reads what came to the journal from a sequence on. */
export async function countAttempts({ link, places }: Pipeline, from: number): Promise<AttemptCounts> {
  const found = new Map<string, CountedAttempts>();
  for await (const messages of readBatches(link, places.journal.stream, from)) {
    for (const { data } of messages) {
      const decoded = decodeRecord(data);
      if (!decoded.ok || decoded.value.tier !== 'business') continue;
      const { consumer, stage } = decoded.value;
      const key = `${consumer} ${stage}`;
      const counted = found.get(key) ?? { ...none };
      found.set(key, counted);
      count(counted, decoded.value);
    }
  }
  return (consumer, stage) => found.get(`${consumer} ${stage}`) ?? none;
}

function count(counted: CountedAttempts, record: JournalRecord): void {
  if (isExhaustionRecord(record)) {
    counted.exhausted++;
    // Without its last attempt, that left no report: it failed all the same.
    counted.failed++;
  } else if (record.kind === 'ATTEMPT_FAILED') counted.failed++;
  else if (record.kind === 'SNOOZED') counted.snoozed++;
  else if (record.kind === 'RESOLVED') counted.resolved++;
  else return;
  if ('durationMs' in record && typeof record.durationMs === 'number') {
    counted.timed++;
    counted.totalMs += record.durationMs;
  }
}
