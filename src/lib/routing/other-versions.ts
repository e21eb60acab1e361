import type { Pipeline } from '../pipeline/pipeline.js';
import { stageConsumers } from '../domain/consumer-names.js';
import { ownerOf } from '../domain/ownership.js';
import { NotAllowedError } from '../nats/errors.js';

/** So long an answer is good for: as often as the server may tell of a consumer that is nobody's. */
const rememberedMs = 10_000;

/**
 * Consumers that this config does not have, and another version of it does: added there, or removed here. While both
 * run, what they leave in the journal is routed by either.
 */
export class OtherVersions {
  private readonly known = new Map<string, { readonly at: number; readonly subjects: readonly string[] }>();

  constructor(private readonly pipeline: Pipeline) {}

  /** What a consumer of this pipeline reads of the events. Undefined: it is no consumer of this pipeline. */
  async subjectsOf(consumer: string): Promise<readonly string[] | undefined> {
    const known = this.known.get(consumer);
    const now = this.pipeline.clock.now();
    if (known && now - known.at < rememberedMs) return found(known.subjects);
    const subjects = await this.readSubjects(consumer);
    if (this.known.size > 1000) this.known.clear();
    this.known.set(consumer, { at: now, subjects });
    return found(subjects);
  }

  private async readSubjects(consumer: string): Promise<readonly string[]> {
    const { name, streams } = this.pipeline.config;
    const info = await this.pipeline.link.consumerInfo(streams.events.name, consumer).catch(unlessForbidden);
    if (!info || ownerOf(info.config.metadata) !== name) return [];
    return info.config.filter_subjects ?? [info.config.filter_subject ?? '>'];
  }
}

function found(subjects: readonly string[]): readonly string[] | undefined {
  return subjects.length > 0 ? subjects : undefined;
}

/** Can a pointer reach this consumer's retry stage? False only where the server says that there is none. */
export async function hasRetryConsumer(pipeline: Pipeline, consumer: string): Promise<boolean> {
  const { link, config } = pipeline;
  try {
    return (await link.consumerInfo(config.streams.retry.name, stageConsumers(consumer).retry)) !== undefined;
  } catch (error) {
    if (error instanceof NotAllowedError) return true;
    throw error;
  }
}

/** A user who may not ask knows no more than the config. */
function unlessForbidden(error: unknown): undefined {
  if (!(error instanceof NotAllowedError)) throw error;
}
