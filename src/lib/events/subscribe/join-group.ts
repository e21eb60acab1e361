import { readersOf } from '../../config/resolved.js';
import { escapeLine } from '../../domain/escape.js';
import { ownerOf } from '../../domain/ownership.js';
import { isName } from '../../domain/subjects.js';
import { OperationError, UsageError } from '../../errors.js';
import { apiCodeOf } from '../../nats/errors.js';
import { type ConsumerInfo, createNamed } from '../../nats/objects.js';
import { type StartFields, startOf } from '../../nats/read/start-of.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { JoinedGroup, ReadingSpan } from '../read/read-options.js';
import type { SubjectsMeant } from '../read/subjects-meant.js';

/** What a group is made with. */
export interface GroupTerms {
  readonly group: string;
  readonly meant: SubjectsMeant;
  /** Subjects were named: the group must read these. */
  readonly isNamed: boolean;
  readonly start: ReadingSpan['start'];
  readonly ackWaitMs: number;
}

/** The metadata key that says which pipeline's events a group reads. It does not belong to the pipeline: no apply removes it. */
const groupKey = 'plutomi-events.group';

/**
 * Joins a group, and makes it where it is not there yet.
 *
 * Throws UsageError `RESERVED_NAME` for a consumer of a pipeline, `OTHER_SUBJECTS` where the group reads something
 * else, `OVERLAPPING_SUBJECTS`; OperationError `NOT_A_GROUP` for a consumer that can't be shared.
 */
export async function joinGroup(pipeline: Pipeline, terms: GroupTerms): Promise<JoinedGroup> {
  const { link, config } = pipeline;
  const { group, meant } = terms;
  const { name: stream } = config.streams.events;
  refuseReserved(pipeline, group);
  if (meant.matches !== undefined) throw overlapping(group);
  const found = await link.consumerInfo(stream, group);
  if (found) return joined(found, terms, false);
  try {
    return joined(await createNamed(link, stream, group, configOf(pipeline, terms)), terms, true);
  } catch (error) {
    // Another member was faster.
    const other = apiCodeOf(error) === undefined ? undefined : await link.consumerInfo(stream, group);
    if (!other) throw error;
    return joined(other, terms, false);
  }
}

function configOf({ config }: Pipeline, { group, meant, start, ackWaitMs }: GroupTerms): object {
  return {
    durable_name: group,
    name: group,
    description: `a group that shares events of ${config.name}`,
    ...startFields(start),
    ack_policy: 'explicit',
    ack_wait: ackWaitMs * 1_000_000,
    max_deliver: -1,
    max_ack_pending: -1,
    filter_subjects: meant.filters,
    metadata: { [groupKey]: config.name },
  };
}

/** Where a consumer with acknowledgements begins. */
export function startFields(start: ReadingSpan['start']): StartFields | { readonly deliver_policy: 'new' } {
  if (start.at === 'new') return { deliver_policy: 'new' };
  if (start.at === 'seq') return startOf({ seq: start.seq });
  if (start.at === 'time') return startOf({ timeMs: start.timeMs });
  return startOf(start.at === 'all' ? undefined : { lastPerSubject: true });
}

function refuseReserved({ config }: Pipeline, group: string): void {
  if (!isName(group)) {
    throw new UsageError(`group: expected a name of letters, digits, - and _, found "${escapeLine(group)}"`);
  }
  const isOwn = readersOf(config).some(({ name }) => name === group);
  // Of any pipeline: the stages of a consumer, and what routes.
  if (isOwn || /-(?:retry|dlq)$|^meta-consumer/.test(group)) throw reserved(group, config.name);
}

function reserved(group: string, pipeline: string): UsageError {
  return new UsageError(
    `group ${group}: that is the name of a consumer of the pipeline ${escapeLine(pipeline)}, whose events would be taken from it`,
    { code: 'RESERVED_NAME', suggestions: ['name the group otherwise'] },
  );
}

function joined(info: ConsumerInfo, { group, meant, isNamed }: GroupTerms, isNew: boolean): JoinedGroup {
  const { filter_subject: one, filter_subjects: many, ...config } = info.config;
  const owner = ownerOf(config.metadata);
  if (owner !== undefined) throw reserved(group, owner);
  if (config.ack_policy !== 'explicit' || config.deliver_subject !== undefined) {
    throw new OperationError(
      `group ${group}: the consumer of that name can't be shared: it is not one that is pulled from, with acknowledgements`,
      { code: 'NOT_A_GROUP', suggestions: ['name the group otherwise'] },
    );
  }
  const subjects = many ?? (one === undefined || one === '' ? ['>'] : [one]);
  const isSame = subjects.length === meant.filters.length && meant.filters.every((f) => subjects.includes(f));
  if (isNamed && !isSame) {
    throw new UsageError(
      `group ${group} reads ${shown(subjects)}, and not ${shown(meant.subjects)}: all of its members read the same`,
      { code: 'OTHER_SUBJECTS', suggestions: ['leave the subjects out', 'name another group'] },
    );
  }
  const ackWaitMs = Math.round((config.ack_wait ?? 30e9) / 1e6);
  return { name: group, isNew, subjects, ackWaitMs, pending: info.num_pending };
}

const shownSubjects = 5;

function shown(subjects: readonly string[]): string {
  const more = subjects.length > shownSubjects ? `, and ${subjects.length - shownSubjects} more` : '';
  return `${subjects.slice(0, shownSubjects).map(escapeLine).join(', ')}${more}`;
}

function overlapping(group: string): UsageError {
  return new UsageError(
    `group ${group}: the server shares no subjects that overlap each other, and at most 100`,
    { code: 'OVERLAPPING_SUBJECTS', suggestions: ['name one subject with wildcards that has all of them'] },
  );
}
