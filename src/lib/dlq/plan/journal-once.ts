import type { JournalRecord } from '../../domain/record.js';
import { lastRecord } from '../../journal/read.js';
import { writeRecord } from '../../journal/write-record.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { doneByReason } from '../../tasks/letter-records.js';
import type { Skipped } from './carry-out.js';

/**
 * Two may do one thing to one dead letter at once: it is done by whoever journals it first. Resolves with his task, which
 * may be the one of this record.
 */
export async function journalOnce(
  pipeline: Pipeline,
  record: JournalRecord & { readonly task?: string },
): Promise<string | undefined> {
  const { duplicate } = await writeRecord(pipeline, record);
  return duplicate ? (await lastRecord(pipeline, record, record.kind))?.record.task : record.task;
}

/** Another one did it, of which at most the rest was done here. */
export function doneBy(did: string, task: string | undefined): Skipped {
  return { is: 'skipped', reason: doneByReason(did, task) };
}
