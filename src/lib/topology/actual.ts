import type { Link } from '../nats/link.js';
import { type ConsumerInfo, listConsumers, listStreams, type StreamInfo } from '../nats/objects.js';
import type { Topology } from './desired.js';
import { type Actual, consumerPath } from './diff.js';
import { ownerOf } from './ownership.js';

/** Reads what the server holds of a topology, with the other streams of this pipeline and all their consumers. */
export async function readActual(link: Link, desired: Topology): Promise<Actual> {
  const wanted = new Set(desired.streams.map(({ name }) => name));
  const streams = new Map<string, StreamInfo>();
  for (const info of await listStreams(link)) {
    const { name, metadata } = info.config;
    if (wanted.has(name) || ownerOf(metadata) === desired.pipeline) streams.set(name, info);
  }
  const consumers = new Map<string, ConsumerInfo>();
  const lists = await Promise.all([...streams.keys()].map((name) => listConsumers(link, name)));
  for (const info of lists.flat()) consumers.set(consumerPath(info.stream_name, info.name), info);
  return { streams, consumers };
}
