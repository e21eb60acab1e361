import { msOfNanos } from '../domain/time.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { type ConsumerLook, takeLook } from '../status/look.js';
import { OldestUnprocessed } from '../status/oldest-unprocessed.js';

/** What waits for one consumer of the server. */
export interface ConsumerFacts {
  readonly stream: string;
  readonly durable: string;
  readonly pending: number;
  /** How old the oldest message is that it has not processed, s; undefined: not looked for, as of pointers that wait. */
  readonly oldestSeconds?: number;
}

export interface PipelineFacts {
  readonly consumers: readonly ConsumerFacts[];
  /** Pointers in the retry stream; undefined: the stream does not answer. */
  readonly retriesWaiting: number | undefined;
}

/** Asks the server what waits for each consumer of the pipeline. */
export async function readPipelineFacts(pipeline: Pipeline): Promise<PipelineFacts> {
  const { streams, consumers } = await takeLook(pipeline, { lists: false });
  const oldest = new OldestUnprocessed(pipeline.link);
  const facts = await Promise.all(consumers.map((one) => factsOf(pipeline, one, oldest)));
  const retry = streams.find(({ role }) => role === 'retry');
  return { consumers: facts.flatMap((one) => one ?? []), retriesWaiting: retry?.info?.state.messages };
}

async function factsOf(
  { clock }: Pipeline,
  { stream, consumer: durable, role, info, external }: ConsumerLook,
  oldest: OldestUnprocessed,
): Promise<ConsumerFacts | undefined> {
  if (!info) return undefined;
  const facts = { stream, durable, pending: info.num_pending };
  // What waits in the retry stream waits for its time, and what rests in the DLQ for an operator.
  if (role !== 'events' && role !== 'advisories') return facts;
  const first = await oldest.of(info, external);
  const ageMs = first ? Math.max(0, clock.now() - msOfNanos(first.time)) : 0;
  return { ...facts, oldestSeconds: ageMs / 1000 };
}
