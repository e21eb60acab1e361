import { checkOptions, type Checks } from '../domain/options.js';
import {
  refuseNoFlag,
  refuseNoPipeline,
  refuseNoSignal,
  refuseNoText,
  refuseTexts,
  refuseTime,
} from '../domain/given.js';
import { leavable } from '../flow/leavable.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { type PipelineConfig, readersOf } from '../config/resolved.js';
import { unknownConsumer } from '../config/unknown-consumer.js';
import { metaConsumers, stageConsumers } from '../domain/consumer-names.js';
import { isName, nativeAdvisoryFilter, nativeAdvisorySubject } from '../domain/subjects.js';
import { exhaustionKinds, isExhaustion, recordKinds } from '../domain/record-kinds.js';
import { UsageError } from '../errors.js';
import type { Link } from '../nats/link.js';
import { readStream } from '../nats/read/read-stream.js';
import { type AdvisoryKind, advisoryLine, type AdvisoryLine, malformedKind } from './advisory-line.js';

export const advisoryKinds: readonly AdvisoryKind[] = [...recordKinds, malformedKind];

/** Which lines of the journal, and until when. */
export interface TailOptions {
  /** Begin with what was stored at this time, ms since 1970. Default: with follow now, else the oldest. */
  readonly sinceMs?: number;
  /** Default: all. */
  readonly kinds?: readonly AdvisoryKind[];
  /** A consumer of the config: its three stages. Default: all. */
  readonly consumer?: string;
  /** Go on with what is written later, until the signal. Default: end with what is there. */
  readonly follow?: boolean;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

const tailChecks = {
  sinceMs: refuseTime,
  kinds: refuseTexts,
  consumer: refuseNoText,
  follow: refuseNoFlag,
  signal: refuseNoSignal,
} as const satisfies Checks<TailOptions>;

/**
 * What the journal holds of failing deliveries, in the order in which it was stored: the server's own advisories
 * and the pipeline's records.
 *
 * Throws UsageError for a consumer that is not a valid name, or of which neither the config nor the journal knows;
 * OperationError `NO_STREAM`.
 */
export function tailAdvisories(
  pipeline: Pipeline,
  options: TailOptions = {},
): AsyncGenerator<AdvisoryLine, void> {
  return leavable(options, (signal) => eachAdvisory(pipeline, options, signal));
}

async function* eachAdvisory(
  pipeline: Pipeline,
  options: TailOptions,
  signal: AbortSignal,
): AsyncGenerator<AdvisoryLine, void> {
  refuseNoPipeline(pipeline);
  checkOptions(tailChecks, options);
  const { link, config } = pipeline;
  const { kinds, consumer, sinceMs, follow } = options;
  if (consumer !== undefined && !isName(consumer)) {
    throw new UsageError(`consumer: expected a name, found "${consumer}"`);
  }
  if (consumer !== undefined) await refuseUnknown(pipeline, consumer);
  const consumers = consumer === undefined ? undefined : new Set(Object.values(stageConsumers(consumer)));
  const { name: stream } = config.streams.advisories;
  const from = sinceMs === undefined ? await startOf(link, stream, follow) : { timeMs: sinceMs };
  const messages = readStream(link, {
    stream,
    filters: filtersFor(config, kinds),
    ...(from === undefined ? {} : { from }),
    ...(follow === undefined ? {} : { follow }),
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const message of messages) {
    const line = advisoryLine(config, message);
    if (kinds && kinds.length > 0 && !kinds.includes(line.kind)) continue;
    if (consumers && !(line.consumer !== null && consumers.has(line.consumer))) continue;
    yield line;
  }
}

/** A consumer that has left the config is known as long as the journal says something about it. */
async function refuseUnknown(pipeline: Pipeline, consumer: string): Promise<void> {
  const { link, config } = pipeline;
  const { name: journal } = config.streams.advisories;
  const names = readersOf(config).map(({ name }) => name);
  const known = [
    ...names.flatMap((name) => Object.values(stageConsumers(name))),
    ...Object.values(metaConsumers),
  ];
  if (known.includes(consumer)) return;
  const subjects = [
    `${config.roots.advisories}.*.*.${consumer}.>`,
    ...exhaustionKinds.map((kind) => nativeAdvisorySubject(kind, '*', consumer)),
  ];
  for (const subject of subjects) {
    if (await link.readLast(journal, subject)) return;
  }
  throw unknownConsumer('consumer', consumer, names);
}

/** Malformed messages may stand anywhere: whoever asks for them reads all. */
function filtersFor({ roots }: PipelineConfig, kinds: readonly AdvisoryKind[] | undefined): string[] {
  if (!kinds || kinds.length === 0) return ['>'];
  const filters: string[] = [];
  for (const kind of new Set(kinds)) {
    if (kind === malformedKind) return ['>'];
    filters.push(`${roots.advisories}.*.${kind}.>`);
    if (isExhaustion(kind)) filters.push(nativeAdvisoryFilter(kind, '*'));
  }
  return filters;
}

async function startOf(
  link: Link,
  stream: string,
  follow: boolean | undefined,
): Promise<{ readonly seq: number } | undefined> {
  if (!follow) return undefined;
  const info = await link.streamInfo(stream);
  return { seq: (info?.state.last_seq ?? 0) + 1 };
}
