import type { Link } from '../nats/link.js';
import { countDeliverable, type StreamInfo } from '../nats/objects.js';
import type { Circumstances, Consequence } from './consequence.js';
import type { DesiredStream } from './desired.js';
import { type Change, consumerPath } from './diff.js';

/** What goes when a stream is deleted, and what a lowered limit removes. */
export async function streamConsequences(
  link: Link,
  change: Change,
  desired: DesiredStream,
  given: Circumstances,
): Promise<readonly Consequence[]> {
  const info = given.actual.streams.get(desired.name);
  if (!info) return [];
  return change.action === 'replace' ? replaced(info, desired, given) : limited(link, info, desired);
}

function replaced(info: StreamInfo, { role, name }: DesiredStream, given: Circumstances): Consequence[] {
  const { desired, actual, config } = given;
  const ours = new Set(desired.consumers.map((one) => consumerPath(one.stream, one.name)));
  const others = [...actual.consumers]
    .filter(([path, one]) => one.stream_name === name && !ours.has(path))
    .map(([, one]) => one.name);
  const pointers = (role === 'events' ? (['retry', 'dlq'] as const) : []).map((of): Consequence => {
    const count = actual.streams.get(config.streams[of].name)?.state.messages ?? 0;
    return { what: 'original-lost', role: of, count };
  });
  return [
    { what: 'lost', role, count: info.state.messages },
    ...pointers,
    ...(others.length > 0 ? [{ what: 'consumers-lost' as const, names: others }] : []),
  ];
}

async function limited(link: Link, info: StreamInfo, desired: DesiredStream): Promise<Consequence[]> {
  const { role, fields } = desired;
  const { state, config } = info;
  const out: Consequence[] = [];
  const { max_age: age = 0, max_msgs: most = -1, max_bytes: bytes = -1 } = fields;
  if (age > 0 && (config.max_age === 0 || age < config.max_age)) {
    const count = await olderThan(link, info, age);
    if (count !== 0) out.push({ what: 'expired', role, count });
  }
  if (fields.discard === 'old') {
    if (most >= 0 && state.messages > most) out.push({ what: 'expired', role, count: state.messages - most });
    if (bytes >= 0 && state.bytes > bytes) out.push({ what: 'bytes-removed', bytes: state.bytes - bytes });
  }
  return out;
}

/** Messages older than `ageNs` by the server's own clock; null: can't be counted. */
async function olderThan(link: Link, info: StreamInfo, ageNs: number): Promise<number | null> {
  const { state, ts, config } = info;
  if (state.messages === 0) return 0;
  if (ts === undefined) return null;
  const younger = await countDeliverable(link, config.name, {
    deliver_policy: 'by_start_time',
    opt_start_time: new Date(Date.parse(ts) - ageNs / 1_000_000).toISOString(),
  });
  return younger === undefined ? null : Math.max(0, state.messages - younger);
}
