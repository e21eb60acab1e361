import { Kinds } from '../pointers/alike.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { DeadLetter } from '../domain/dead-letter.js';
import type { DeadLetterFilters } from './filters.js';
import { selectEntries } from './select.js';

export const groupings = ['reason', 'consumer', 'subject'] as const;
/** What dead letters are counted by. */
export type Grouping = (typeof groupings)[number];

/** Dead letters that have something in common. */
export interface DeadLetterGroup {
  /** The consumer or the subject; by reason, the reason of the one that died last. */
  readonly key: string;
  /** How many there are. */
  readonly count: number;
  /** When the first one died, ISO. */
  readonly firstDeadAt: string;
  /** When the last one died, ISO. */
  readonly lastDeadAt: string;
  /** Id of the one that died last. */
  readonly sample: string;
  /** By reason: what stands for these reasons, that of the one that died first; `reason` filters take it. */
  readonly fingerprint?: string;
  /** By reason: how many fingerprints these have: their texts differ in more than values that are known by their look. */
  readonly shapes?: number;
}

/** Dead letters counted by what they have in common. */
export interface DeadLetterGroups {
  /** How many dead letters match, in all groups. */
  readonly total: number;
  /** The largest first. */
  readonly groups: readonly DeadLetterGroup[];
}

/** Counts the matching dead letters by reason, consumer or subject. Memory grows with the groups only. */
export async function groupDeadLetters(
  pipeline: Pipeline,
  filters: DeadLetterFilters,
  by: Grouping,
  limit = Number.POSITIVE_INFINITY,
): Promise<DeadLetterGroups> {
  const found = new Map<string, DeadLetterGroup>();
  const kinds = new Kinds();
  let total = 0;
  for await (const entry of selectEntries(pipeline, filters)) {
    total++;
    const { letter } = entry;
    if (by === 'reason') kinds.add(entry);
    const identity = by === 'reason' ? letter.fingerprint : letter[by];
    found.set(identity, added(found.get(identity), letter, by));
  }
  const groups = (by === 'reason' ? merged(found, kinds.leads()) : [...found.values()]).toSorted(
    (a, b) => b.count - a.count || b.lastDeadAt.localeCompare(a.lastDeadAt),
  );
  return { total, groups: groups.slice(0, limit) };
}

function added(group: DeadLetterGroup | undefined, letter: DeadLetter, by: Grouping): DeadLetterGroup {
  return {
    key: letter[by],
    count: (group?.count ?? 0) + 1,
    firstDeadAt: group?.firstDeadAt ?? letter.deadAt,
    lastDeadAt: letter.deadAt,
    sample: letter.id,
    ...(by === 'reason' ? { fingerprint: letter.fingerprint, shapes: 1 } : {}),
  };
}

/** Those whose fingerprints lead to the same one are one. */
function merged(
  found: ReadonlyMap<string, DeadLetterGroup>,
  leads: ReadonlyMap<string, string>,
): DeadLetterGroup[] {
  const groups = new Map<string, DeadLetterGroup>();
  for (const [fingerprint, group] of found) {
    const lead = leads.get(fingerprint) ?? fingerprint;
    const first = groups.get(lead);
    groups.set(lead, first ? together(first, group) : group);
  }
  return [...groups.values()];
}

function together(first: DeadLetterGroup, other: DeadLetterGroup): DeadLetterGroup {
  const newest = other.lastDeadAt < first.lastDeadAt ? first : other;
  return {
    ...first,
    key: newest.key,
    count: first.count + other.count,
    lastDeadAt: newest.lastDeadAt,
    sample: newest.sample,
    shapes: (first.shapes ?? 1) + (other.shapes ?? 1),
  };
}
