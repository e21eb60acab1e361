import { oneOf } from '../domain/options.js';
import { refuseLimit, refuseNoPipeline } from '../domain/given.js';
import { Kinds } from '../pointers/alike.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { DeadLetterFilters } from './filters.js';
import { largestFirst, Tally } from './groups/tally.js';
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
  refuseNoPipeline(pipeline);
  oneOf(...groupings)('by', by);
  refuseLimit('limit', limit);
  const tallies = new Map<string, Tally>();
  const kinds = new Kinds();
  let total = 0;
  for await (const entry of selectEntries(pipeline, filters)) {
    total++;
    const { letter } = entry;
    if (by === 'reason') kinds.add(entry);
    const identity = by === 'reason' ? letter.fingerprint : letter[by];
    let tally = tallies.get(identity);
    if (!tally) tallies.set(identity, (tally = new Tally()));
    tally.add(letter);
  }
  const groups = by === 'reason' ? merged(tallies, kinds.leads()) : plain(tallies);
  return { total, groups: largestFirst(groups).slice(0, limit) };
}

function plain(tallies: ReadonlyMap<string, Tally>): DeadLetterGroup[] {
  return Array.from(tallies, ([key, tally]) => ({ key, ...countsOf(tally) }));
}

/** Those whose fingerprints lead to the same one are one. */
function merged(tallies: ReadonlyMap<string, Tally>, leads: ReadonlyMap<string, string>): DeadLetterGroup[] {
  const groups = new Map<string, { readonly tally: Tally; shapes: number }>();
  for (const [fingerprint, tally] of tallies) {
    const lead = leads.get(fingerprint) ?? fingerprint;
    const group = groups.get(lead);
    if (!group) groups.set(lead, { tally, shapes: 1 });
    else {
      group.tally.take(tally);
      group.shapes++;
    }
  }
  return Array.from(groups, ([fingerprint, { tally, shapes }]) => ({
    key: tally.reason,
    ...countsOf(tally),
    fingerprint,
    shapes,
  }));
}

function countsOf({ count, firstDeadAt, lastDeadAt, sample }: Tally): Omit<DeadLetterGroup, 'key'> {
  return { count, firstDeadAt, lastDeadAt, sample };
}
