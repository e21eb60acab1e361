import { anyOf, checkOptions, type Checks, oneOf } from '../../domain/options.js';
import { refuseNoObject, refuseNoPipeline, refuseNoText, unexpected } from '../../domain/given.js';
import { decodeGroup, emptyGroup, type GroupChange } from '../../domain/group-document.js';
import { decided, type GroupDecision } from '../../domain/group-decision.js';
import { type GroupStatus, mutedUntil, statusOf } from '../../domain/group-status.js';
import { isoOfMs } from '../../domain/time.js';
import { groupSubject } from '../../groups/group-documents.js';
import { updateDocument } from '../../operations/documents.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { requireOwn } from '../../pipeline/require-own.js';
import { factsOf } from './count-groups.js';
import { findGroup, type FoundGroup } from './find-group.js';
import type { Group } from './list-groups.js';

/** What is known about a group, and what people did about it. */
export interface GroupState
  extends Pick<
    Group,
    'id' | 'consumer' | 'name' | 'code' | 'shape' | 'count' | 'note' | 'assignee' | 'mutedUntil' | 'incident'
  > {
  /** As in `dlq groups`; `resolved`: it has no dead letters now. */
  readonly status: GroupStatus | 'resolved';
  /** The newest 50 changes that people made, oldest first. */
  readonly history: readonly GroupChange[];
}

/** What belongs to a decision. */
export interface DecideOptions {
  /** The incident that the group belongs to. */
  readonly incident?: string;
}

const textOrNull = anyOf('a text or null', 'string', (name, given) => {
  if (given !== null) throw unexpected(name, 'null', given);
});
const decisionChecks = {
  do: oneOf('ack', 'mute', 'unmute', 'assign', 'note'),
  until: refuseNoText,
  to: textOrNull,
  text: textOrNull,
};

/**
 * Keeps a decision about the group that an id names, as `dlq ack`, `mute`, `assign` and `note` do. It loses nothing, and
 * may be repeated. Rejects with UsageError for what is no id, and OperationError `NOT_FOUND` or `NO_STREAM`.
 */
export async function decideGroup(
  pipeline: Pipeline,
  id: string,
  decision: GroupDecision,
  options: DecideOptions = {},
): Promise<GroupState> {
  refuseNoPipeline(pipeline);
  refuseNoText('id', id);
  refuseNoObject('decision', decision ?? null);
  checkOptions(decisionChecks, decision, 'decision');
  decisionChecks.do('do', decision.do);
  if (decision.do === 'mute') refuseNoText('until', decision.until);
  checkOptions({ incident: refuseNoText } as const satisfies Checks<DecideOptions>, options);
  return changeGroup(pipeline, await findGroup(pipeline, id), decision, options);
}

/** Keeps a decision about a group. It loses nothing, and may be repeated. Rejects with OperationError `NO_STREAM` or `OTHER_PIPELINE`. */
export async function changeGroup(
  pipeline: Pipeline,
  found: FoundGroup,
  decision: GroupDecision,
  { incident }: DecideOptions,
): Promise<GroupState> {
  await requireOwn(pipeline);
  const { id, consumer, kind, code } = found.document;
  const by = {
    at: isoOfMs(pipeline.clock.now()),
    by: pipeline.identity.operator,
    dlqSeq: found.dlqSeq,
    ...(incident === undefined ? {} : { incident }),
  };
  const subject = groupSubject(pipeline, id);
  const stored = await updateDocument(pipeline, subject, decodeGroup, (current) =>
    decided(current ?? emptyGroup({ id, consumer, kind, code }), decision, by),
  );
  return stateOf({ ...found, document: stored?.value ?? found.document });
}

/** What stands now. */
export function stateOf({ id, document, shape, count, group, counted }: FoundGroup): GroupState {
  const { consumer, kind, code, note, assignee, incident, history } = document;
  const facts = factsOf(group, counted);
  return {
    id,
    consumer,
    name: kind.name,
    code,
    shape,
    count,
    status: count === 0 ? 'resolved' : statusOf(document, facts),
    note,
    assignee,
    mutedUntil: mutedUntil(document, facts),
    incident,
    history,
  };
}
