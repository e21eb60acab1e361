import { findArchived } from '../../pointers/read-letters.js';
import { type ArchivedLetter, archivedDocument } from '../../domain/archived-letter.js';
import { isTime } from '../../domain/decode.js';
import { atStage, type Key, sameOrigin } from '../../domain/key.js';
import { pointerFrom } from '../../domain/pointer.js';
import type { Exhaustion } from '../../domain/record.js';
import { recordReason } from '../../domain/record-reason.js';
import { lastRecord } from '../../journal/read.js';
import { createDocument } from '../../operations/documents.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { archivedSubject } from '../../pointers/entry.js';
import { type Finding, findingOf } from '../verification.js';
import { findExhaustion } from './restore.js';

/** The archived dead letter of this event, whatever its cycle. */
export async function archivedThere(pipeline: Pipeline, key: Key): Promise<ArchivedLetter | undefined> {
  const found = await findArchived(pipeline, key.consumer, key.origin.seq);
  return found && sameOrigin(found.pointer.origin, key.origin) ? found.archived : undefined;
}

/** What a dead letter was made from: the end of its retry stage, or of a main stage without one. */
export async function exhaustionOfLetter(pipeline: Pipeline, key: Key): Promise<Exhaustion | undefined> {
  return (
    (await findExhaustion(pipeline, key)) ??
    (key.stage === 'retry' && key.cycle === 0
      ? await findExhaustion(pipeline, atStage(key, 'main'))
      : undefined)
  );
}

/** The journal's last word is that it was archived, and nothing keeps it. */
export async function archivedLost(pipeline: Pipeline, key: Key): Promise<Finding> {
  const record = await lastRecord(pipeline, atStage(key, 'dlq'), 'ARCHIVED');
  const by = record && recordReason(record.record);
  const x = await exhaustionOfLetter(pipeline, key);
  const lost = x ? '' : '; what it was can not be made from the journal any more';
  const detail = `it was archived${by ? ` ${by}` : ''}, but is neither kept, nor restored, nor discarded${lost}`;
  return findingOf(key, 'archived-missing', detail, x !== undefined);
}

/** The document again, from the journal, as of the same archiving. Undefined: nothing is left to make it from. */
export async function restoreArchived(pipeline: Pipeline, key: Key): Promise<string | undefined> {
  const stored = await lastRecord(pipeline, atStage(key, 'dlq'), 'ARCHIVED');
  const x = await exhaustionOfLetter(pipeline, key);
  if (!stored || !x) return undefined;
  const { archive = '', at, operator = '', task = '', note, deadAt } = stored.record;
  const letter: ArchivedLetter = {
    archive,
    pointer: pointerFrom(x, 'dlq', 0),
    deadAt: isTime(deadAt) ? deadAt : x.lastFailedAt,
    dlqSeq: 0,
    at,
    operator,
    task,
    ...(note === undefined ? {} : { note }),
  };
  const subject = archivedSubject(pipeline.places.operations.root, key.consumer, key.origin.seq);
  const created = await createDocument(pipeline, subject, archivedDocument(letter));
  return created ? 'it is archived again' : 'it was there again';
}
