import { OperationError } from '../errors.js';
import type { Link } from '../nats/link.js';
import {
  createConsumer,
  createStream,
  deleteConsumer,
  deleteStream,
  updateConsumer,
  updateStream,
} from '../nats/objects.js';
import { readActual } from './actual.js';
import type { DesiredConsumer, DesiredStream, Topology } from './desired.js';
import { type Change, consumerPath, diffTopology, isPending, pathOf } from './diff.js';
import { ownerKey, withOwner } from '../domain/ownership.js';
import { checkTopology, type Plan, planTopology } from './plan.js';
import { type Allowed, refusalOf } from './refusal.js';

export { checkTopology, planTopology };

/** What may be lost, by name. Default: nothing. */
export type ApplyOptions = Allowed;

/**
 * Carries a plan out: the journal first, then the other streams, then the consumers; then reads everything
 * again. Can be killed at any point and run again. Returns how many objects it wrote.
 *
 * Throws OperationError: a conflict, a replacement or a loss that is not named, or a field that the server did not take.
 */
export async function applyPlan(link: Link, plan: Plan, options: ApplyOptions = {}): Promise<number> {
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
  return pending.length;
}

async function writeStream(
  link: Link,
  { action }: Change,
  desired: DesiredStream,
  pipeline: string,
): Promise<void> {
  const { name, fields } = desired;
  if (action === 'update') {
    const found = await link.streamInfo(name);
    await updateStream(link, name, { ...fields, metadata: withOwner(found?.config.metadata, pipeline) });
    return;
  }
  if (action === 'replace') await deleteStream(link, name);
  await createStream(link, { ...fields, name, metadata: { [ownerKey]: pipeline } });
}

async function writeConsumer(
  link: Link,
  { action }: Change,
  desired: DesiredConsumer,
  pipeline: string,
): Promise<void> {
  const { name, stream, fields } = desired;
  if (action === 'update') {
    const found = await link.consumerInfo(stream, name);
    const metadata = withOwner(found?.config.metadata, pipeline);
    await updateConsumer(link, stream, name, { ...fields, metadata });
    return;
  }
  if (action === 'replace') await deleteConsumer(link, stream, name);
  await createConsumer(link, stream, { ...fields, durable_name: name, metadata: { [ownerKey]: pipeline } });
}

/** Servers before 2.12 drop a field that they don't know without a word: only reading it back tells. */
async function verify(link: Link, desired: Topology): Promise<void> {
  const left = diffTopology(desired, await readActual(link, desired)).filter(isPending);
  if (left.length === 0) return;
  const facts = left.map((change) => {
    const what = `${change.kind} ${change.stream === undefined ? change.name : consumerPath(change.stream, change.name)}`;
    if (change.action === 'create') return `${what}: it is not there`;
    return `${what}: ${change.fields.map(({ path, from, to }) => `${path} is ${JSON.stringify(from)}, wanted ${JSON.stringify(to)}`).join('; ')}`;
  });
  throw new OperationError(
    `nats-server ${link.serverVersion} did not take everything:\n${facts.join('\n')}`,
    {
      code: 'NOT_TAKEN',
      suggestions: ['plutomi-events pipeline apply --dry-run', 'a newer nats-server may know the field'],
    },
  );
}
