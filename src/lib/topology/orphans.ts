import type { Pipeline } from '../pipeline/pipeline.js';
import { readersOf } from '../config/resolved.js';
import { ownerOf } from '../domain/ownership.js';
import { NotAllowedError } from '../nats/errors.js';
import { type ConsumerInfo, listConsumers } from '../nats/objects.js';

/**
 * Consumers of the events stream that this pipeline made and its config no longer has. None where the user may not
 * list: what is not in the config can't be named then.
 */
export async function orphanedReaders(pipeline: Pipeline): Promise<ConsumerInfo[]> {
  const { link, config } = pipeline;
  const known = readersOf(config).map(({ name }) => name);
  try {
    const found = await listConsumers(link, config.streams.events.name);
    return found.filter(
      (info) => ownerOf(info.config.metadata) === config.name && !known.includes(info.name),
    );
  } catch (error) {
    if (error instanceof NotAllowedError) return [];
    throw error;
  }
}
