import type { GroupDocument } from '../domain/group-document.js';
import { groupIdOf } from '../domain/group-id.js';
import { togetherOf } from '../domain/group-status.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { DlqEntry } from '../pointers/entry.js';
import { readLetters } from '../pointers/read-letters.js';
import { readGroupDocuments } from './group-documents.js';
import { GroupKinds } from './group-kinds.js';

/** More dead letters than these are not read for one: the oldest say what is one group, with what is known. */
const mostRead = 5000;

/** The group of one dead letter. */
export interface GroupOfLetter {
  /** As `dlq groups` lists it: that of the shape that died first. */
  readonly id: string;
  /** What is known about it; undefined: nothing. */
  readonly document: GroupDocument | undefined;
}

/** The group of one dead letter, as all dead letters of its consumer make it. */
export async function groupOfLetter(pipeline: Pipeline, entry: DlqEntry): Promise<GroupOfLetter> {
  const { consumer, fingerprint } = entry.letter;
  const documents = await readGroupDocuments(pipeline);
  const kinds = new GroupKinds(documents);
  let left = mostRead;
  for await (const { entries } of readLetters(pipeline, { statuses: ['dead'], consumers: [consumer] })) {
    for (const one of entries) kinds.add(one);
    if ((left -= entries.length) <= 0) break;
  }
  kinds.add(entry);
  const ids = kinds.find().idsOf(consumer, fingerprint);
  const byId = new Map(documents.map((document) => [document.id, document]));
  return {
    id: ids[0] ?? groupIdOf(consumer, fingerprint),
    document: togetherOf(ids.flatMap((id) => byId.get(id) ?? [])),
  };
}
