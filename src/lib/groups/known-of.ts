import type { GroupDocument } from '../domain/group-document.js';
import { togetherOf } from '../domain/group-status.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { DlqEntry } from '../pointers/entry.js';
import { readGroupDocuments } from './group-documents.js';
import { GroupKinds } from './group-kinds.js';

/** What is known about the group of one dead letter; undefined: nothing. */
export async function groupDocumentOf(
  pipeline: Pipeline,
  entry: DlqEntry,
): Promise<GroupDocument | undefined> {
  const documents = await readGroupDocuments(pipeline);
  if (documents.length === 0) return undefined;
  const kinds = new GroupKinds(documents);
  kinds.add(entry);
  const { consumer, fingerprint } = entry.letter;
  const ids = kinds.find().idsOf(consumer, fingerprint);
  const byId = new Map(documents.map((document) => [document.id, document]));
  return togetherOf(ids.flatMap((id) => byId.get(id) ?? []));
}
