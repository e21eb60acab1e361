import type { Pipeline } from '../../pipeline/pipeline.js';
import { externalNamed, type PipelineConfig } from '../../config/resolved.js';
import { stageConsumers } from '../../domain/consumer-names.js';
import { pointerFilter } from '../../domain/subjects.js';
import type { Link } from '../../nats/link.js';
import type { ConsumerInfo, ReadingFields, StreamInfo } from '../../nats/objects.js';
import type { Circumstances, Consequence } from './consequence.js';
import { filterConsequences } from './consequences-of-filters.js';
import { type ConsumerSubject, countStored, isQueue, queued } from './counting.js';
import type { DesiredConsumer } from '../desired.js';
import { type Change, consumerPath } from '../diff/diff.js';
import { isImmutable } from '../diff/immutable.js';

/** What a new, another or a changed consumer gets, gets again, or never gets. */
export async function consumerConsequences(
  pipeline: Pipeline,
  change: Change,
  desired: DesiredConsumer,
  given: Circumstances,
): Promise<readonly Consequence[]> {
  const { link, config } = pipeline;
  const stream = given.actual.streams.get(desired.stream);
  const info = given.actual.consumers.get(consumerPath(desired.stream, desired.name));
  if (!stream) return [];
  const stranded = strandedRetries(config, desired, given);
  if (!info) {
    return change.action === 'create' ? [...(await firstDelivery(link, stream, desired)), ...stranded] : [];
  }
  if (change.action === 'replace') {
    return [...(await replaced(pipeline, change, { desired, stream, info, given })), ...stranded];
  }
  return [
    ...(await filterConsequences(link, { desired, stream, info })),
    ...shifted(change, desired, info),
    ...limited(change, desired, info),
    ...stranded,
  ];
}

function readingOf({ fields }: DesiredConsumer): ReadingFields {
  const { deliver_policy, opt_start_seq, opt_start_time, filter_subjects } = fields;
  return {
    filter_subjects,
    ...(deliver_policy === undefined ? {} : { deliver_policy }),
    ...(opt_start_seq === undefined ? {} : { opt_start_seq }),
    ...(opt_start_time === undefined ? {} : { opt_start_time }),
  };
}

async function firstDelivery(
  link: Link,
  stream: StreamInfo,
  desired: DesiredConsumer,
): Promise<Consequence[]> {
  if (isQueue(stream)) return [];
  const found = await countStored(link, stream, readingOf(desired));
  return found === 0 ? [] : [{ what: 'delivered-after', role: desired.role, count: found }];
}

async function replaced(
  pipeline: Pipeline,
  change: Change,
  { desired, stream, info, given }: ConsumerSubject & { readonly given: Circumstances },
): Promise<Consequence[]> {
  const { link } = pipeline;
  const { role } = desired;
  const out: Consequence[] = [
    { what: 'position-lost', ackedTo: info.ack_floor.stream_seq, deliveredTo: info.delivered.stream_seq },
    { what: 'in-flight', role, count: info.num_ack_pending },
    { what: 'undelivered', role, count: info.num_pending },
  ];
  const goesWithItsStream = !change.fields.some((field) => isImmutable('consumer', field));
  if (goesWithItsStream) return out;
  const after = isQueue(stream) ? queued(info) : await countStored(link, stream, readingOf(desired));
  out.push({ what: 'delivered-after', role, count: after });
  return role === 'events' ? [...out, ...(await pointersKept(pipeline, desired, given))] : out;
}

/** Waiting retries and dead letters of a consumer whose main stage starts again. */
async function pointersKept(
  { link, config }: Pipeline,
  { serves }: DesiredConsumer,
  { actual }: Circumstances,
): Promise<Consequence[]> {
  const { retry, dlq } = config.streams;
  const retrying = actual.consumers.get(consumerPath(retry.name, stageConsumers(serves).retry));
  const stream = actual.streams.get(dlq.name);
  const filter_subjects = [pointerFilter(config.roots.dlq, serves)];
  const dead = stream ? await countStored(link, stream, { deliver_policy: 'all', filter_subjects }) : 0;
  return [
    { what: 'kept', role: 'retry', count: retrying ? queued(retrying) : 0 },
    { what: 'kept', role: 'dlq', count: dead },
  ];
}

/** The pointers that a consumer leaves behind whose worker is another program from now on. */
function strandedRetries(
  config: PipelineConfig,
  { serves, role }: DesiredConsumer,
  { actual }: Circumstances,
): Consequence[] {
  if (role !== 'events' || !externalNamed(config, serves)) return [];
  const retrying = actual.consumers.get(
    consumerPath(config.streams.retry.name, stageConsumers(serves).retry),
  );
  const count = retrying ? queued(retrying) : 0;
  return count === 0 ? [] : [{ what: 'stranded', role: 'retry', count }];
}

/** What a change of `max_deliver` does to what was delivered before it. */
function limited({ fields }: Change, { role }: DesiredConsumer, info: ConsumerInfo): Consequence[] {
  const change = fields.find(({ path }) => path === 'max_deliver');
  if (!change) return [];
  const [from, to] = [change.from, change.to].map((limit) => (Number(limit) > 0 ? Number(limit) : Infinity));
  if (from === undefined || to === undefined || from === to) return [];
  if (to > from) return [{ what: 'given-up-stays' }];
  const count = info.num_ack_pending;
  return count === 0 ? [] : [{ what: 'over-limit', role, count, atMost: true }];
}

function shifted(change: Change, { role }: DesiredConsumer, info: ConsumerInfo): Consequence[] {
  const moved = change.fields.some(({ path }) => path === 'ack_wait') && info.num_ack_pending > 0;
  return moved ? [{ what: 'shifted', role, count: info.num_ack_pending }] : [];
}
