import type { Pipeline } from '../../pipeline/pipeline.js';
import { streamRoles } from '../../config/resolve.js';
import type { PipelineConfig, StreamRole } from '../../config/resolved.js';
import { stageConsumers } from '../../domain/consumer-names.js';
import type { Link } from '../../nats/link.js';
import type { ConsumerInfo, StreamInfo } from '../../nats/objects.js';
import type { Circumstances, Consequence, CountedFact } from './consequence.js';
import { countStored, queued } from './counting.js';
import { type Change, pathOf } from '../diff/diff.js';
import { filtersOf } from '../diff/fields.js';

/** What stays behind in something that the config no longer has: nothing of this pipeline reads it. */
export async function orphanConsequences(
  { link, config }: Pipeline,
  change: Change,
  { actual }: Circumstances,
): Promise<Consequence[]> {
  const stream = actual.streams.get(change.stream ?? change.name);
  if (!stream) return [];
  const role = roleOf(config, stream);
  if (change.kind === 'stream') return counted([['abandoned', stream.state.messages]], role);
  const info = actual.consumers.get(pathOf(change));
  // What an external consumer leaves in the retry stage is reported with the consumer.
  const { external } = config;
  if (!info || external.some(({ name }) => stageConsumers(name).retry === info.name)) return [];
  return counted(await leftOf(link, role, stream, info), role);
}

function counted(facts: readonly (readonly [CountedFact, number | null])[], role: StreamRole): Consequence[] {
  return facts.filter(([, count]) => count !== 0).map(([what, count]) => ({ what, role, count }));
}

async function leftOf(
  link: Link,
  role: StreamRole,
  stream: StreamInfo,
  info: ConsumerInfo,
): Promise<readonly (readonly [CountedFact, number | null])[]> {
  if (role === 'retry') return [['abandoned', queued(info)]];
  if (role === 'dlq') {
    const filter_subjects = [...filtersOf(info.config)];
    return [['abandoned', await countStored(link, stream, { deliver_policy: 'all', filter_subjects })]];
  }
  return [
    ['in-flight', info.num_ack_pending],
    ['undelivered', info.num_pending],
  ];
}

const workbench: readonly StreamRole[] = ['operations', 'kept'];

/** What a stream is to the pipeline; of one that the config no longer has, what its settings tell. */
function roleOf({ streams }: PipelineConfig, { config }: StreamInfo): StreamRole {
  const known = streamRoles.find((role) => streams[role].name === config.name);
  if (known) return known;
  if (config.retention === 'workqueue') return 'retry';
  if (config.max_msgs_per_subject === 1) {
    return workbench.find((role) => config.name.endsWith(`-${role}`)) ?? 'dlq';
  }
  const captures = (config.subjects ?? []).some((subject) => subject.startsWith('$JS.EVENT.'));
  return captures ? 'advisories' : 'events';
}
