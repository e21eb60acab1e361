import type { Pipeline } from '../../pipeline/pipeline.js';
import { metaConsumers } from '../../domain/consumer-names.js';
import type { Link } from '../../nats/link.js';
import type { ConsumerInfo, StreamInfo } from '../../nats/objects.js';
import type { Circumstances, Consequence } from './consequence.js';
import { countFrom } from './counting.js';
import type { DesiredStream } from '../desired.js';
import { type Change, consumerPath } from '../diff/diff.js';
import { filtersOf } from '../diff/fields.js';
import { removalOf } from '../removal.js';

/** What goes when a stream is deleted, and what a lowered limit removes. */
export async function streamConsequences(
  pipeline: Pipeline,
  change: Change,
  desired: DesiredStream,
  given: Circumstances,
): Promise<readonly Consequence[]> {
  const info = given.actual.streams.get(desired.name);
  if (!info) return [];
  if (change.action === 'replace') return replaced(pipeline, info, desired, given);
  return [...(await limited(pipeline, info, desired, given)), ...(await older(pipeline.link, info, desired))];
}

function replaced(
  { config }: Pipeline,
  info: StreamInfo,
  { role, name }: DesiredStream,
  { desired, actual }: Circumstances,
): Consequence[] {
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

async function limited(
  pipeline: Pipeline,
  info: StreamInfo,
  desired: DesiredStream,
  given: Circumstances,
): Promise<Consequence[]> {
  const { link } = pipeline;
  const { role, fields } = desired;
  const removal = await removalOf(link, info, desired);
  if (!removal) return [];
  const { count, firstKept, about } = removal;
  const { max_bytes: bytes = -1 } = fields;
  const excess = fields.discard === 'old' && bytes >= 0 ? info.state.bytes - bytes : 0;
  return [
    { what: 'expired', role, count, ...(about ? { about } : {}) },
    ...(excess > 0 ? [{ what: 'bytes-removed' as const, bytes: excess }] : []),
    ...(await unprocessed(link, info, desired, firstKept, given)),
    ...(role === 'events' ? await orphanedPointers(pipeline, firstKept, given) : []),
  ];
}

/** What goes before its consumer is done with it. */
async function unprocessed(
  link: Link,
  stream: StreamInfo,
  { role, name }: DesiredStream,
  firstKept: number | null,
  { desired, actual }: Circumstances,
): Promise<Consequence[]> {
  const out: Consequence[] = [];
  for (const one of desired.consumers.filter((consumer) => consumer.stream === name)) {
    const info = actual.consumers.get(consumerPath(name, one.name));
    const waiting = info ? info.num_pending + info.num_ack_pending : 0;
    if (!info || waiting === 0) continue;
    const count = firstKept === null ? null : await unprocessedBefore(link, stream, info, firstKept);
    if (count === 0) continue;
    const atMost = info.num_ack_pending > 0 ? { atMost: true } : {};
    out.push({ what: 'unprocessed', role, consumer: one.name, count, ...atMost });
  }
  return out;
}

/** Which messages of those that were delivered are not acknowledged, the server does not say. */
async function unprocessedBefore(
  link: Link,
  stream: StreamInfo,
  info: ConsumerInfo,
  firstKept: number,
): Promise<number | null> {
  const filters = filtersOf(info.config);
  const done = info.num_ack_pending === 0 ? info.delivered.stream_seq : info.ack_floor.stream_seq;
  if (done + 1 >= firstKept) return 0;
  const left = await countFrom(link, stream, filters, done + 1);
  const kept = await countFrom(link, stream, filters, firstKept);
  return left === null || kept === null
    ? null
    : Math.min(left - kept, info.num_pending + info.num_ack_pending);
}

/** Waiting retries and dead letters whose event goes. */
async function orphanedPointers(
  { link, config }: Pipeline,
  firstKept: number | null,
  { actual }: Circumstances,
): Promise<Consequence[]> {
  const out: Consequence[] = [];
  for (const role of ['retry', 'dlq'] as const) {
    const { name } = config.streams[role];
    if (!actual.streams.get(name)?.state.messages) continue;
    const seqs = await originsIn(link, name, config.roots[role]);
    const count = firstKept === null ? null : seqs.filter((seq) => seq < firstKept).length;
    if (seqs.length > 0 && count !== 0) out.push({ what: 'original-lost', role, count });
  }
  return out;
}

/** The events that pointers name. Those of the meta-consumer are about the journal, and embed what they need. */
async function originsIn(link: Link, stream: string, root: string): Promise<number[]> {
  const info = await link.streamInfo(stream, `${root}.>`);
  return Object.keys(info?.state.subjects ?? {})
    .map((subject) => subject.slice(root.length + 1).split('.'))
    .filter(([consumer]) => consumer !== metaConsumers.main)
    .map(([, seq]) => Number(seq));
}

/** Messages beyond the newest of their subject that stay. */
async function older(
  link: Link,
  info: StreamInfo,
  { role, name, fields }: DesiredStream,
): Promise<Consequence[]> {
  const [from, to] = [info.config.max_msgs_per_subject, fields.max_msgs_per_subject ?? -1];
  if (to <= 0 || (from > 0 && from <= to)) return [];
  const subjects = (await link.streamInfo(name, '>'))?.state.subjects ?? {};
  const count = Object.values(subjects).reduce((sum, of) => sum + Math.max(0, of - to), 0);
  return count === 0 ? [] : [{ what: 'expired', role, count }];
}
