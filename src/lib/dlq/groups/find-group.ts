import type { GroupDocument } from '../../domain/group-document.js';
import { emptyGroup } from '../../domain/group-document.js';
import { groupIdOf, nearestGroups } from '../../domain/group-id.js';
import type { OnRead } from '../../nats/read/read-so-far.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { OperationError, UsageError } from '../../errors.js';
import { suggestCommand } from '../../suggestion.js';
import { type Counted, GroupCounter } from './group-counter.js';
import { countGroups, type CountedGroups, documentOf, factsOf } from './count-groups.js';
import { type GroupStatus, statusOf } from '../../domain/group-status.js';

/** A group as it was found: its document as it stands, or as it would begin. */
export interface FoundGroup {
  /** The id that is shown. */
  readonly id: string;
  readonly document: GroupDocument;
  readonly status: GroupStatus;
  readonly shape: string;
  /** How many dead letters it has. */
  readonly count: number;
  /** The newest dead letter that was read, of whatever group. */
  readonly dlqSeq: number;
  readonly counted: CountedGroups;
  readonly group: Counted;
}

/**
 * The group that an id names, or at least its first 6 characters, with or without `group:` before it. One without dead
 * letters is found as long as something is known about it. Throws UsageError for what is no id, or names several, and
 * OperationError `NOT_FOUND`.
 */
export async function findGroup(pipeline: Pipeline, given: string, onRead?: OnRead): Promise<FoundGroup> {
  const id = given.replace(/^group:/, '').toLowerCase();
  if (!/^[0-9a-f]{6,12}$/.test(id)) {
    throw new UsageError(`expected the id of a group, or at least its first 6 characters, found "${given}"`, {
      suggestions: [seeGroups],
    });
  }
  const counted = await countGroups(pipeline, {}, onRead ? { onRead } : {});
  const groups = [...counted.groups, ...resolvedGroups(counted)];
  const named = groups.filter((group) => idsOf(group, counted).some((one) => one.startsWith(id)));
  const [group, other] = named;
  if (!group) throw unknownGroup(id, groups, counted);
  if (other) {
    const ids = named.map(({ consumer, fingerprint }) => groupIdOf(consumer, fingerprint));
    throw new UsageError(`${id} could be any of ${ids.join(', ')}`, { suggestions: [seeGroups] });
  }
  return describe(group, counted);
}

function describe(group: Counted, counted: CountedGroups): FoundGroup {
  const { consumer, fingerprint, code, firstReason } = group;
  const id = groupIdOf(consumer, fingerprint);
  const kind = counted.found.kindOf(consumer, fingerprint) ?? {
    fingerprint,
    name: 'Error',
    code: '',
    shape: { words: [], fixed: [] },
  };
  const known = documentOf(group, counted);
  return {
    id,
    document: known ?? emptyGroup({ id, consumer, kind, code }),
    status: statusOf(known, factsOf(group, counted)),
    shape: kind.shape.words.join(' ') || firstReason,
    count: group.tally.count,
    dlqSeq: counted.dlqSeq,
    counted,
    group,
  };
}

/** Something is known about them, and they have no dead letters. */
function resolvedGroups({ groups, found, documents, nowMs }: CountedGroups): Counted[] {
  const alive = new Set(groups.map(({ consumer, fingerprint }) => groupIdOf(consumer, fingerprint)));
  const counter = new GroupCounter([], nowMs);
  for (const { consumer, kind } of documents.values()) counter.mention(consumer, kind.fingerprint);
  return counter
    .allGroups(found.leadOf)
    .filter(({ consumer, fingerprint }) => !alive.has(groupIdOf(consumer, fingerprint)));
}

function idsOf({ consumer, fingerprint }: Counted, { found }: CountedGroups): readonly string[] {
  return found.idsOf(consumer, fingerprint);
}

const seeGroups = suggestCommand('dlq groups', { why: 'see the groups' });

function unknownGroup(id: string, groups: readonly Counted[], counted: CountedGroups): OperationError {
  const near = nearestGroups(
    id,
    groups.flatMap((group) => idsOf(group, counted).slice(0, 1)),
  );
  const others = near.length === 0 ? 'there are none' : `the nearest: ${near.join(', ')}`;
  return new OperationError(`no group ${id}; ${others}`, { code: 'NOT_FOUND', suggestions: [seeGroups] });
}
