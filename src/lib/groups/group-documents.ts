import { decodeGroup, type GroupDocument } from '../domain/group-document.js';
import { operationsFilter, operationsSubject } from '../domain/operations-subjects.js';
import { readDocument, readDocuments } from '../operations/documents.js';
import type { Pipeline } from '../pipeline/pipeline.js';

/** More groups than these are not told of: so many are of no use to anybody. */
export const mostGroups = 5000;

export function groupSubject({ places }: Pipeline, id: string): string {
  return operationsSubject(places.operations.root, 'group', id);
}

/** What is known about groups, those that were told first first. What can't be read is left out. */
export async function readGroupDocuments(pipeline: Pipeline): Promise<GroupDocument[]> {
  const filter = operationsFilter(pipeline.places.operations.root, 'group');
  const documents = await readDocuments(pipeline, filter, decodeGroup);
  // One that stands elsewhere was put there by somebody else.
  const found = documents.filter(({ value, subject }) => subject === groupSubject(pipeline, value.id));
  return found.map(({ value }) => value).toSorted((a, b) => bornAt(a) - bornAt(b));
}

/** The DLQ sequence of the first that is known of it. */
function bornAt({ told, acked, mute }: GroupDocument): number {
  return told?.dlqSeq ?? acked?.dlqSeq ?? mute?.dlqSeq ?? Number.MAX_SAFE_INTEGER;
}

/** When the config was applied last, ISO; undefined: nothing tells. */
export async function lastAppliedAt(pipeline: Pipeline): Promise<string | undefined> {
  const subject = operationsSubject(pipeline.places.operations.root, 'config');
  return (await readDocument(pipeline, subject, (value) => ({ ok: true, value })))?.at;
}
