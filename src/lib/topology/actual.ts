import type { Link } from '../nats/link.js';
import { type ConsumerInfo, listConsumers, listStreams, type StreamInfo } from '../nats/objects.js';
import type { Topology } from './desired.js';
import { type Actual, consumerPath } from './diff.js';
import { ownerOf } from './ownership.js';

/** Reads what the server holds of a topology, with all else that stands under this pipeline's name. */
export async function readActual(link: Link, desired: Topology): Promise<Actual> {
  const streams = new Map<string, StreamInfo>();
  for (const info of await listStreams(link)) {
    if (ownerOf(info.config.metadata) === desired.pipeline) streams.set(info.config.name, info);
  }
  // In a cluster a list may lack what has no leader at that moment: what is wanted is asked for by name.
  await Promise.all(desired.streams.map(async ({ name }) => put(streams, name, await link.streamInfo(name))));

  const consumers = new Map<string, ConsumerInfo>();
  const lists = await Promise.all([...streams.keys()].map((name) => listConsumers(link, name)));
  for (const info of lists.flat()) consumers.set(consumerPath(info.stream_name, info.name), info);
  await Promise.all(
    desired.consumers
      .filter(({ stream }) => streams.has(stream))
      .map(async ({ stream, name }) =>
        put(consumers, consumerPath(stream, name), await link.consumerInfo(stream, name)),
      ),
  );
  return { streams, consumers };
}

function put<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
