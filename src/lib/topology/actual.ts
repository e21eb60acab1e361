import type { Link } from '../nats/link.js';
import { type ConsumerInfo, listConsumers, listStreams, type StreamInfo } from '../nats/objects.js';
import type { Topology } from './desired.js';
import { type Actual, consumerPath } from './diff/diff.js';
import { ownerOf } from '../domain/ownership.js';

/**
 * Reads what the server holds of a topology. Asks for each object by its name: in a cluster, a list may lack
 * what has no leader at that moment, and a worker's user needs no permission to list.
 */
export async function readActual(link: Link, desired: Topology): Promise<Actual> {
  const streams = new Map<string, StreamInfo>();
  await Promise.all(
    desired.streams.map(async ({ name }) => {
      const info = await link.streamInfo(name);
      if (info) streams.set(name, info);
    }),
  );
  const consumers = new Map<string, ConsumerInfo>();
  const askable = desired.consumers.filter(({ stream }) => streams.has(stream));
  await Promise.all(
    askable.map(async ({ stream, name }) => {
      const info = await link.consumerInfo(stream, name);
      if (info) consumers.set(consumerPath(stream, name), info);
    }),
  );
  return { streams, consumers };
}

/** What `readActual` reads, and all else that is under this pipeline's name or on its streams. */
export async function readActualAndOthers(link: Link, desired: Topology): Promise<Actual> {
  const known = await readActual(link, desired);
  const ours = (await listStreams(link)).filter(
    ({ config }) => ownerOf(config.metadata) === desired.pipeline,
  );
  const streams = new Map([...ours.map((info) => [info.config.name, info] as const), ...known.streams]);
  const lists = await Promise.all([...streams.keys()].map((name) => listConsumers(link, name)));
  const listed = lists.flat().map((info) => [consumerPath(info.stream_name, info.name), info] as const);
  return { streams, consumers: new Map([...listed, ...known.consumers]) };
}
