import { manyMore, mutedUntil, togetherOf } from '../../domain/group-status.js';
import { lastAppliedAt, readGroupDocuments } from '../../groups/group-documents.js';
import { GroupKinds } from '../../groups/group-kinds.js';
import { newestOfEach, type ShapeLetters } from '../../groups/newest-letters.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

/** What counts of the dead letters: those of muted groups do not. */
export interface Loud {
  readonly count: number;
  /** Those that came since `sinceMs`. */
  readonly recent: number;
  /** When the oldest came, ms since 1970; undefined: there is none. */
  readonly oldestMs: number | undefined;
}

/** All dead letters by group, at one time. Costs the reading of the whole DLQ. */
export interface Census {
  readonly loud: Loud;
  /** Of a group, its newest dead letter by the sequence in the DLQ; undefined: it has none. */
  readonly newestOf: (groupId: string) => number | undefined;
}

export async function takeCensus(pipeline: Pipeline, sinceMs: number, signal: AbortSignal): Promise<Census> {
  const documents = await readGroupDocuments(pipeline);
  const after = new Map<string, number[]>();
  for (const { consumer, mute } of documents) {
    if (mute && manyMore.test(mute.until)) after.set(consumer, [...(after.get(consumer) ?? []), mute.dlqSeq]);
  }
  const shapes = await newestOfEach(pipeline, { sinceMs, after, signal });
  signal.throwIfAborted();
  const kinds = new GroupKinds(documents);
  for (const { entry } of shapes) kinds.add(entry);
  const found = kinds.find();
  const byId = new Map(documents.map((one) => [one.id, one]));
  const isAsked = documents.some(({ mute }) => mute?.until === 'deploy');
  const appliedAt = isAsked ? await lastAppliedAt(pipeline) : undefined;
  const nowMs = pipeline.clock.now();
  const groups = new Map<string, { readonly ids: readonly string[]; readonly shapes: ShapeLetters[] }>();
  for (const shape of shapes) {
    const { consumer, fingerprint } = shape.entry.letter;
    const lead = `${consumer}\n${found.leadOf(consumer, fingerprint)}`;
    const group = groups.get(lead);
    if (group) group.shapes.push(shape);
    else groups.set(lead, { ids: found.idsOf(consumer, fingerprint), shapes: [shape] });
  }
  const isLoud = (ids: readonly string[], of: readonly ShapeLetters[]): boolean => {
    const document = togetherOf(ids.flatMap((id) => byId.get(id) ?? []));
    const oldestDlqSeq = Math.min(...of.map(({ entry }) => entry.dlqSeq));
    const diedSince = ({ dlqSeq }: { readonly dlqSeq: number }): number =>
      of.reduce((sum, { above }) => sum + (above.get(dlqSeq) ?? 0), 0);
    return !document || mutedUntil(document, { nowMs, oldestDlqSeq, diedSince, appliedAt }) === null;
  };
  const loud = [...groups.values()]
    .filter((group) => isLoud(group.ids, group.shapes))
    .flatMap((one) => one.shapes);
  const newest = new Map<string, number>();
  for (const { ids, shapes: of } of groups.values()) {
    for (const id of ids) newest.set(id, Math.max(...of.map(({ newestDlqSeq }) => newestDlqSeq)));
  }
  return {
    loud: {
      count: loud.reduce((sum, { count }) => sum + count, 0),
      recent: loud.reduce((sum, { recent }) => sum + recent, 0),
      oldestMs: loud.length === 0 ? undefined : Math.min(...loud.map(({ oldestMs }) => oldestMs)),
    },
    newestOf: (groupId) => newest.get(groupId),
  };
}
