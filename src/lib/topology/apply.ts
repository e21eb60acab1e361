import { checkOptions, type Checks } from '../domain/options.js';
import { refuseNoObject, refuseNoPipeline, refuseObjects, refuseTexts } from '../domain/given.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { OperationError } from '../errors.js';
import { NotAllowedError } from '../nats/errors.js';
import type { Link } from '../nats/link.js';
import {
  type ConsumerInfo,
  createConsumer,
  createStream,
  deleteConsumer,
  deleteStream,
  updateConsumer,
  updateStream,
} from '../nats/objects.js';
import { readActual } from './actual.js';
import type { DesiredConsumer, DesiredStream, Topology } from './desired.js';
import { type Change, consumerPath, diffTopology, isPending, pathOf } from './diff/diff.js';
import { filtersOf } from './diff/fields.js';
import { withMonitor } from '../domain/monitor-metadata.js';
import { filtersChangedKey, leftKey, ownerKey, withOwner } from '../domain/ownership.js';
import { checkTopology, type Plan, type PlannedChange, planTopology } from './plan.js';
import { type Allowed, refusalOf } from './refusal.js';
import { suggestCommand } from '../suggestion.js';

export { checkTopology, planTopology };

/** What may be lost, by name. Default: nothing. */
export type ApplyOptions = Allowed;

const applyChecks = { replace: refuseTexts, allowLoss: refuseTexts } as const satisfies Checks<ApplyOptions>;

/**
 * Carries a plan out: the journal first, then the other streams, then the consumers; then reads everything
 * again. Can be killed at any point and run again. Returns how many objects it created or changed.
 *
 * @throws OperationError for a conflict, a replacement or loss that `options` does not allow, or a field that the server
 *   did not take
 */
export async function applyPlan(pipeline: Pipeline, plan: Plan, options: ApplyOptions = {}): Promise<number> {
  refuseNoPipeline(pipeline);
  refuseNoObject('plan', plan ?? null);
  refuseObjects('plan.changes', plan.changes ?? null);
  checkOptions(applyChecks, options);
  const { link } = pipeline;
  const refusal = refusalOf(plan, options);
  if (refusal) throw refusal;
  const pending = plan.changes.filter(isPending);
  const { desired } = plan;
  for (const one of desired.streams) {
    const change = pending.find((change) => change.kind === 'stream' && change.name === one.name);
    if (change) await writeStream(link, change, one, desired.pipeline);
  }
  for (const one of desired.consumers) {
    const change = pending.find((change) => change.kind === 'consumer' && pathOf(change) === pathOf(one));
    if (change) await writeConsumer(link, change, one, desired.pipeline);
  }
  if (pending.length > 0) await verify(link, desired);
  for (const orphan of plan.changes.filter(isUndecided)) await leave(link, orphan);
  return pending.length;
}

/** It is not decided yet what becomes of it: this apply decides. */
export function isUndecided({ action, left }: PlannedChange): boolean {
  return action === 'orphan' && left !== true;
}

/**
 * Marks an orphan as left to itself: what it misses from now on is not a loss, and the next apply does not ask. A
 * user who may not write to what is not in the config is asked again.
 */
async function leave(link: Link, { kind, name, stream = '' }: Change): Promise<void> {
  const mark = { [leftKey]: 'true' };
  try {
    if (kind === 'stream') {
      const found = await link.streamInfo(name);
      if (found) await updateStream(link, name, { metadata: { ...found.config.metadata, ...mark } });
      return;
    }
    const found = await link.consumerInfo(stream, name);
    if (!found) return;
    const filter_subjects = [...filtersOf(found.config)];
    await updateConsumer(link, stream, name, {
      filter_subjects,
      metadata: { ...found.config.metadata, ...mark },
    });
  } catch (error) {
    if (!(error instanceof NotAllowedError)) throw error;
  }
}

async function writeStream(
  link: Link,
  { action }: Change,
  desired: DesiredStream,
  pipeline: string,
): Promise<void> {
  const { name, fields, metadata = {}, monitor } = desired;
  if (action === 'update') {
    const found = await link.streamInfo(name);
    const kept = withOwner({ ...found?.config.metadata, ...metadata }, pipeline);
    await updateStream(link, name, { ...fields, metadata: withMonitor(kept, monitor) });
    return;
  }
  if (action === 'replace') await deleteStream(link, name);
  await createStream(link, {
    ...fields,
    name,
    metadata: withMonitor(withOwner(metadata, pipeline), monitor),
  });
}

async function writeConsumer(
  link: Link,
  { action }: Change,
  desired: DesiredConsumer,
  pipeline: string,
): Promise<void> {
  const { name, stream, fields, monitor } = desired;
  if (action === 'update') {
    const found = await link.consumerInfo(stream, name);
    const metadata = withMonitor(withOwner(found?.config.metadata, pipeline), monitor);
    const changed = changesFilters(found, fields) ? { [filtersChangedKey]: found?.ts ?? '' } : {};
    await updateConsumer(link, stream, name, { ...fields, metadata: { ...metadata, ...changed } });
    return;
  }
  if (action === 'replace') await deleteConsumer(link, stream, name);
  const metadata = withMonitor({ [ownerKey]: pipeline }, monitor);
  await createConsumer(link, stream, { ...fields, durable_name: name, metadata });
}

/** From then on it is unknown whether an older event was delivered or skipped. The time is the server's. */
function changesFilters(found: ConsumerInfo | undefined, fields: DesiredConsumer['fields']): boolean {
  const ordered = (filters: readonly string[]): string => filters.toSorted().join(' ');
  return found !== undefined && ordered(filtersOf(found.config)) !== ordered(fields.filter_subjects);
}

/** Servers before 2.12 drop a field that they don't know without a word: only reading it back shows that. */
async function verify(link: Link, desired: Topology): Promise<void> {
  const left = diffTopology(desired, await readActual(link, desired)).filter(isPending);
  if (left.length === 0) return;
  const facts = left.map((change) => {
    const what = `${change.kind} ${change.stream === undefined ? change.name : consumerPath(change.stream, change.name)}`;
    if (change.action === 'create') return `${what}: it is not there`;
    return `${what}: ${change.fields.map(({ path, from, to }) => `${path} is ${JSON.stringify(from)}, wanted ${JSON.stringify(to)}`).join('; ')}`;
  });
  throw new OperationError(
    `nats-server ${link.serverVersion} did not accept everything:\n${facts.join('\n')}`,
    {
      code: 'NOT_TAKEN',
      suggestions: [
        suggestCommand('pipeline apply', { flags: { 'dry-run': true } }),
        'a newer nats-server may know the field',
      ],
    },
  );
}
