import type { StreamRole } from '../config/resolved.js';
import type { Link } from '../nats/link.js';
import { NoJetStreamError, NotAllowedError, SilentDomainError, UnreachableError } from '../nats/errors.js';
import { type ConsumerInfo, listConsumers, type StreamInfo } from '../nats/objects.js';
import { noLeader, type Standstill, standstillOf, streamWithoutLeader } from '../nats/standstill.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { type StageConsumer, stageConsumersOf } from './stage-consumers.js';

/** A stream of the pipeline, as the server says. */
export interface StreamLook {
  readonly role: StreamRole;
  readonly name: string;
  /** Undefined: it is not there, or nothing answers for it. */
  readonly info: StreamInfo | undefined;
  /** Why it does not work; undefined: nothing is known against it. */
  readonly standstill: Standstill | undefined;
}

/** What a stream is, and each consumer of it, that is not there. */
export const noSuchStream = 'the server has no such stream';

/** A consumer of the pipeline, as the server says. */
export interface ConsumerLook extends StageConsumer {
  /** Undefined: it is not there, or nothing answers for it. */
  readonly info: ConsumerInfo | undefined;
  /** Why the server delivers nothing of it now; undefined: nothing stands in the way. */
  readonly standstill: Standstill | undefined;
}

/** What the server says of a pipeline's streams and consumers at one moment. */
export interface Look {
  /** When, ms since 1970. */
  readonly atMs: number;
  /** The same on a clock that only goes forward, ms. */
  readonly tickMs: number;
  readonly streams: readonly StreamLook[];
  readonly consumers: readonly ConsumerLook[];
}

/** What is asked. */
export interface LookOptions {
  /** The consumers of a stream are asked for together. Default: true. A worker may not, and asks for each. */
  readonly lists?: boolean;
  /** Consumers are looked at. Default: true. */
  readonly consumers?: boolean;
}

/**
 * Asks for all streams and consumers at once: a list of the consumers of each stream, and only those that are not in it by
 * their name. What is missing, or has no leader, is a part of the answer.
 *
 * @throws ConnectionError where nothing answers at all, and where this user may not ask
 */
export async function takeLook(
  pipeline: Pipeline,
  { lists: isListed = true, consumers: isAsked = true }: LookOptions = {},
): Promise<Look> {
  const { link, config, clock } = pipeline;
  const wanted = isAsked ? stageConsumersOf(config) : [];
  const names = [...new Set(wanted.map(({ stream }) => stream))];
  const [streams, lists] = await Promise.all([
    Promise.all(
      (Object.entries(config.streams) as [StreamRole, { readonly name: string }][]).map(([role, { name }]) =>
        lookAtStream(link, role, name),
      ),
    ),
    isListed ? Promise.all(names.map((stream) => listed(link, stream))) : [],
  ]);
  const streamOf = new Map(streams.map((one) => [one.name, one]));
  const listOf = new Map(names.map((stream, at) => [stream, lists[at]]));
  const consumers = await Promise.all(
    wanted.map((one) => lookAtConsumer(link, one, streamOf.get(one.stream), listOf.get(one.stream))),
  );
  return { atMs: clock.now(), tickMs: clock.monotonic(), streams, consumers };
}

/** What the server says, or `nobody`: the connection is there, and nothing answers for what was asked about. */
async function answer<T>(link: Link, ask: () => Promise<T>): Promise<T | 'nobody'> {
  try {
    return await ask();
  } catch (error) {
    // About all of them, and not about the one that was asked for.
    const isOfAll = error instanceof NoJetStreamError || error instanceof SilentDomainError;
    if (error instanceof UnreachableError && !isOfAll && link.connected) return 'nobody';
    throw error;
  }
}

/** Users who may not list: they ask for each, and are not refused again and again. */
const withoutLists = new WeakSet<Link>();

/** The consumers of a stream by name; undefined: they can't be listed. */
async function listed(link: Link, stream: string): Promise<ReadonlyMap<string, ConsumerInfo> | undefined> {
  if (withoutLists.has(link)) return undefined;
  try {
    const list = await answer(link, () => listConsumers(link, stream));
    return list === 'nobody' ? undefined : new Map(list.map((info) => [info.name, info]));
  } catch (error) {
    if (!(error instanceof NotAllowedError)) throw error;
    withoutLists.add(link);
    return undefined;
  }
}

async function lookAtStream(link: Link, role: StreamRole, name: string): Promise<StreamLook> {
  const info = await answer(link, () => link.streamInfo(name));
  if (info === 'nobody') return { role, name, info: undefined, standstill: streamWithoutLeader(name) };
  if (info === undefined)
    return { role, name, info, standstill: { kind: 'no-stream', detail: noSuchStream } };
  if (info.config.sealed)
    return {
      role,
      name,
      info,
      standstill: { kind: 'sealed', detail: 'it is sealed: it stores nothing more' },
    };
  if (info.cluster !== undefined && !info.cluster.leader)
    return { role, name, info, standstill: streamWithoutLeader(name) };
  return { role, name, info, standstill: undefined };
}

async function lookAtConsumer(
  link: Link,
  one: StageConsumer,
  stream: StreamLook | undefined,
  list: ReadonlyMap<string, ConsumerInfo> | undefined,
): Promise<ConsumerLook> {
  // Without a leader of its stream, what is said of a consumer is of the past.
  if (!stream?.info || stream.standstill?.kind === 'stream-without-leader')
    return { ...one, info: undefined, standstill: stream?.standstill };
  // A list may lack what has no leader now.
  const info =
    list?.get(one.consumer) ?? (await answer(link, () => link.consumerInfo(one.stream, one.consumer)));
  if (info === 'nobody') return { ...one, info: undefined, standstill: noLeader };
  const standstill = standstillOf(one.stream, stream.info, info);
  // An ordered consumer has its only message in hand, and a busy one all requests that it may have.
  const isBusy = standstill?.kind === 'max-ack-pending' || standstill?.kind === 'max-waiting';
  const isFine = isBusy && isServed({ ...one, info }, link.clock.now());
  return { ...one, info, standstill: isFine ? undefined : standstill };
}

/** Events or records that are not processed: those that nobody has in hand, and those in hand. */
export function workOf({ info }: Pick<ConsumerLook, 'info'>): number {
  return info === undefined ? 0 : info.num_pending + info.num_ack_pending;
}

/**
 * Somebody takes what is there: asks for it, or has some in hand and has been heard of. Who is full does not ask.
 */
export function isServed(
  { info, patienceMs }: Pick<ConsumerLook, 'info' | 'patienceMs'>,
  atMs: number,
): boolean {
  if (info === undefined) return false;
  if (info.num_waiting > 0 || info.push_bound) return true;
  return info.num_ack_pending > 0 && atMs - lastActiveMs(info) <= patienceMs;
}

/** When it last delivered, or was acknowledged, ms since 1970; 0: never. */
export function lastActiveMs({ delivered, ack_floor: floor }: ConsumerInfo): number {
  // Times on the wire, whatever the client's types say; they are left out where nothing happened yet.
  const times = [delivered, floor].map((one) => Date.parse(String(one.last_active ?? '')));
  return Math.max(0, ...times.filter((ms) => !Number.isNaN(ms)));
}
