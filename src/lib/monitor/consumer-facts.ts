import { msOfNanos } from '../domain/time.js';
import { concurrently } from '../flow/concurrently.js';
import type { ConsumerInfo } from '../nats/objects.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { desiredTopology } from '../topology/desired.js';

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
  /** Pointers in the retry stream. */
  readonly retriesWaiting: number;
}

/** Questions to the server at once. */
const lanes = 8;
/** Of more filters, the oldest message is looked for under all subjects: older than it is, and never younger. */
const mostFilters = 16;

/** Asks the server what waits for each consumer of the pipeline. */
export async function readPipelineFacts(pipeline: Pipeline): Promise<PipelineFacts> {
  const { config, link, places } = pipeline;
  const retry = await link.streamInfo(places.retry.stream);
  const desired = desiredTopology(config).consumers;
  const consumers = await concurrently(desired, lanes, async ({ stream, name, role }) => {
    const info = await link.consumerInfo(stream, name);
    if (!info) return undefined;
    const facts = { stream, durable: name, pending: info.num_pending };
    // What waits in the retry stream waits for its time, and what rests in the DLQ for an operator.
    if (role !== 'events' && role !== 'advisories') return facts;
    return { ...facts, oldestSeconds: await oldestOf(pipeline, stream, info) };
  });
  return { consumers: consumers.flatMap((one) => one ?? []), retriesWaiting: retry?.state.messages ?? 0 };
}

async function oldestOf({ link, clock }: Pipeline, stream: string, info: ConsumerInfo): Promise<number> {
  if (info.num_pending === 0 && info.num_ack_pending === 0) return 0;
  const { filter_subjects: several, filter_subject: one = '>' } = info.config;
  const filters = several !== undefined && several.length <= mostFilters ? several : [one || '>'];
  // Messages that the server has given up on hold its ack floor back: where nothing is in hand, it says nothing.
  const from = (info.num_ack_pending === 0 ? info.delivered : info.ack_floor).stream_seq + 1;
  const first = await Promise.all(filters.map((filter) => link.readNext(stream, filter, from)));
  const times = first.flatMap((message) => (message ? [msOfNanos(message.time)] : []));
  return times.length === 0 ? 0 : Math.max(0, (clock.now() - Math.min(...times)) / 1000);
}
