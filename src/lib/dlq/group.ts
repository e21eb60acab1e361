import type { Pipeline } from '../pipeline/pipeline.js';
import type { DeadLetter } from '../domain/dead-letter.js';
import type { DeadLetterFilters } from './filters.js';
import { selectEntries } from './select.js';

export const groupings = ['reason', 'consumer', 'subject'] as const;
/** What dead letters are counted by. */
export type Grouping = (typeof groupings)[number];

/** Dead letters that have something in common. */
export interface DeadLetterGroup {
  /** The consumer or the subject; by reason, the reason of the one that died last: they differ in numbers and ids only. */
  readonly key: string;
  /** How many there are. */
  readonly count: number;
  /** When the first one died, ISO. */
  readonly firstDeadAt: string;
  /** When the last one died, ISO. */
  readonly lastDeadAt: string;
  /** Id of the one that died last. */
  readonly sample: string;
  /** By reason: what these reasons have in common; `reason` filters take it. */
  readonly fingerprint?: string;
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
  let total = 0;
  for await (const { letter } of selectEntries(pipeline, filters)) {
    total++;
    const identity = by === 'reason' ? letter.fingerprint : letter[by];
    found.set(identity, added(found.get(identity), letter, by));
  }
  const groups = [...found.values()].toSorted(
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
    ...(by === 'reason' ? { fingerprint: letter.fingerprint } : {}),
  };
}
