import type { GroupDocument } from '../../domain/group-document.js';
import { type GroupFacts, togetherOf } from '../../domain/group-status.js';
import { lastAppliedAt, readGroupDocuments } from '../../groups/group-documents.js';
import type { FoundGroups } from '../../groups/group-kinds.js';
import type { OnRead } from '../../nats/read/read-so-far.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { DeadLetterFilters } from '../filters.js';
import { Originals } from '../originals.js';
import { selectPages } from '../select.js';
import { type Counted, GroupCounter } from './group-counter.js';
import { largestFirst } from './tally.js';

/** What was read of groups. */
export interface CountedGroups {
  /** The largest first. */
  readonly groups: readonly Counted[];
  readonly found: FoundGroups;
  readonly nowMs: number;
  readonly documents: ReadonlyMap<string, GroupDocument>;
  readonly appliedAt: string | undefined;
  /** In the DLQ, the sequence of the newest dead letter that was read. */
  readonly dlqSeq: number;
}

export async function countGroups(
  pipeline: Pipeline,
  filters: DeadLetterFilters,
  { signal, onRead }: { readonly signal?: AbortSignal; readonly onRead?: OnRead },
): Promise<CountedGroups> {
  const nowMs = pipeline.clock.now();
  const documents = await readGroupDocuments(pipeline);
  const isAsked = documents.some(({ mute }) => mute?.until === 'deploy');
  const appliedAt = isAsked ? await lastAppliedAt(pipeline) : undefined;
  const counter = new GroupCounter(documents, nowMs);
  const originals = new Originals(pipeline);
  let [done, dlqSeq] = [0, 0];
  const pages = selectPages(pipeline, filters, signal, (entries, after) => {
    for (const entry of entries) counter.see(entry);
    dlqSeq = entries.at(-1)?.dlqSeq ?? dlqSeq;
    done += entries.length;
    onRead?.({ what: 'dead letters', done, of: done + (after ?? 0) });
  });
  for await (const { entries } of pages) {
    const isThere = await originals.thereOf(entries.flatMap(({ pointer }) => pointer ?? []));
    for (const entry of entries) counter.count(entry, isThere);
  }
  const found = counter.kinds.find();
  return {
    groups: sorted(counter.groups(found.leadOf)),
    found,
    nowMs,
    documents: new Map(documents.map((document) => [document.id, document])),
    appliedAt,
    dlqSeq,
  };
}

function sorted(groups: readonly Counted[]): Counted[] {
  const byTally = new Map(groups.map((group) => [group.tally, group]));
  return largestFirst(byTally.keys()).flatMap((tally) => byTally.get(tally) ?? []);
}

/** What is known about a group, by the ids of its shapes. */
export function documentOf(
  { consumer, fingerprint }: Pick<Counted, 'consumer' | 'fingerprint'>,
  { found, documents }: Pick<CountedGroups, 'found' | 'documents'>,
): GroupDocument | undefined {
  return togetherOf(found.idsOf(consumer, fingerprint).flatMap((id) => documents.get(id) ?? []));
}

/** What the DLQ says about where a group stands. */
export function factsOf(
  { since, oldestDlqSeq }: Counted,
  { nowMs, appliedAt }: Pick<CountedGroups, 'nowMs' | 'appliedAt'>,
): GroupFacts {
  return { nowMs, oldestDlqSeq, appliedAt, diedSince: ({ dlqSeq }) => since.get(dlqSeq) ?? 0 };
}
