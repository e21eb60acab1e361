import { checkOptions, type Checks } from '../../domain/options.js';
import { refuseLimit, refuseNoFunction, refuseNoPipeline, refuseNoSignal } from '../../domain/given.js';
import { groupIdOf } from '../../domain/group-id.js';
import { type GroupStatus, mutedUntil, statusOf } from '../../domain/group-status.js';
import type { OnRead } from '../../nats/read/read-so-far.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { DeadLetterFilters } from '../filters.js';
import { Originals } from '../originals.js';
import { countGroups, type CountedGroups, documentOf, factsOf } from './count-groups.js';
import type { Counted } from './group-counter.js';

export const defaultGroupsLimit = 20;

/** Dead letters of one consumer and one cause. */
export interface Group {
  /** 12 hexadecimal digits, of the shape that died first; `group:` takes it, and those of its other shapes. */
  readonly id: string;
  /** The consumer that gave up on their events. */
  readonly consumer: string;
  /** Name of the error. */
  readonly name: string;
  /** What the error says besides: `ECONNREFUSED`, `550`. */
  readonly code: string | null;
  /** What their messages have in common: what varies is left out. */
  readonly shape: string;
  /** How many shapes were put together. */
  readonly shapes: number;
  /** How many dead letters there are. */
  readonly count: number;
  /** `new`: nobody has acknowledged it; `back`: it died again after all of its dead letters had left. */
  readonly status: GroupStatus;
  /** When the first one died, ISO. */
  readonly firstDeadAt: string;
  /** When the last one died, ISO. */
  readonly lastDeadAt: string;
  /** When the first of their events that is still there expires, ISO; null: none does. */
  readonly expiresAt: string | null;
  /** Id of the one that died last. */
  readonly sample: string;
  /** How many died in each of 24 steps of equal length from the first death to now. */
  readonly counts: readonly number[];
  /** What somebody noted about it. */
  readonly note: string | null;
  /** Who looks after it. */
  readonly assignee: string | null;
  /** Until when nobody is told of it: an ISO time; `100x`: so many more dead letters; `deploy`. Null: it is not muted. */
  readonly mutedUntil: string | null;
  /** The incident that it belongs to. */
  readonly incident: string | null;
}

/** The groups of dead letters, the largest first. */
export interface GroupList {
  /** How many groups match, also beyond the limit. */
  readonly total: number;
  /** How many of them are here. */
  readonly shown: number;
  /** How many dead letters match, in all groups. */
  readonly letters: number;
  /** The largest first. */
  readonly groups: readonly Group[];
}

/** How many groups, and who is told while they are counted. */
export interface ListGroupsOptions {
  /** Most groups. Default: 20. */
  readonly limit?: number;
  /** Ends the reading with what was read by then. */
  readonly signal?: AbortSignal;
  /** Called now and then while dead letters are read. */
  readonly onRead?: OnRead;
}

const listChecks = {
  limit: refuseLimit,
  signal: refuseNoSignal,
  onRead: refuseNoFunction,
} as const satisfies Checks<ListGroupsOptions>;

/**
 * Groups of the dead letters that match: of one consumer and one cause each. Memory grows with the groups, not with the
 * dead letters. What is one group, and where it stands, follows from all dead letters, not from those that match alone.
 */
export async function listGroups(
  pipeline: Pipeline,
  filters: DeadLetterFilters = {},
  options: ListGroupsOptions = {},
): Promise<GroupList> {
  refuseNoPipeline(pipeline);
  checkOptions(listChecks, options);
  const counted = await countGroups(pipeline, filters, options);
  const { groups } = counted;
  const shown = groups.slice(0, options.limit ?? defaultGroupsLimit);
  const expiries = await expiriesOf(pipeline, shown);
  return {
    total: groups.length,
    shown: shown.length,
    letters: groups.reduce((sum, { tally }) => sum + tally.count, 0),
    groups: shown.map((group, at) => describe(group, expiries[at] ?? null, counted)),
  };
}

function describe(group: Counted, expiresAt: string | null, counted: CountedGroups): Group {
  const { consumer, fingerprint, tally, shapes, steps, firstReason } = group;
  const kind = counted.found.kindOf(consumer, fingerprint);
  const document = documentOf(group, counted);
  const facts = factsOf(group, counted);
  const { count, firstDeadAt, lastDeadAt, sample } = tally;
  return {
    id: groupIdOf(consumer, fingerprint),
    consumer,
    name: kind?.name ?? 'Error',
    code: group.code,
    shape: kind?.shape.words.join(' ') || firstReason,
    shapes,
    count,
    status: statusOf(document, facts),
    firstDeadAt,
    lastDeadAt,
    expiresAt,
    sample,
    counts: steps?.steps ?? [],
    note: document?.note ?? null,
    assignee: document?.assignee ?? null,
    mutedUntil: document ? mutedUntil(document, facts) : null,
    incident: document?.incident ?? null,
  };
}

/** When the first event of each group expires. An event with a life of its own is read, one of each group and stream. */
async function expiriesOf(pipeline: Pipeline, groups: readonly Counted[]): Promise<(string | null)[]> {
  const pointers = groups.map(({ originals }) => originals.pointers);
  const states = await new Originals(pipeline).statesOf(pointers.flat());
  let at = 0;
  return pointers.map((those) => {
    const ends = those.flatMap(() => states[at++]?.originalExpiresAt ?? []);
    return ends.toSorted()[0] ?? null;
  });
}
