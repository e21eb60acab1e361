import { checkOptions, type Checks } from '../../domain/options.js';
import { refuseNoPipeline, unexpected } from '../../domain/given.js';
import { longestTimerMs } from '../../domain/duration.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { isoOfMs } from '../../domain/time.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { noStream } from '../../nats/read/read-stream.js';
import { type ConsumerLook, type Look, takeLook, workOf } from '../look.js';
import { consumerIn, deliveriesBetween, growthBetween, round } from '../rates.js';
import { Arrivals, readSubjectCounts } from './arrivals.js';
import { type AttemptCounts, countAttempts } from './count-attempts.js';
import type { ConsumerMetrics, PipelineMetrics, StreamMetrics, TypeMetrics } from './pipeline-metrics.js';

/** How long is measured, where nothing else is said, ms. */
export const defaultOverMs = 10_000;

/** In less, chance decides, ms: the command takes no less. */
export const shortestOverMs = 1000;

/** How long to measure. */
export interface MetricsOptions {
  /** Between the two looks, ms, at least 1; in less than 1,000 chance decides. Default: 10,000. */
  readonly overMs?: number;
}

const metricsChecks = {
  overMs: (name, given) => {
    if (!(typeof given === 'number' && given >= 1 && given <= longestTimerMs))
      throw unexpected(name, `1 to ${longestTimerMs} ms`, given);
  },
} as const satisfies Checks<MetricsOptions>;

/**
 * Measures what a pipeline does between two looks: events by type, deliveries, how many attempts succeed, growth.
 *
 * @throws UsageError; OperationError `NO_STREAM` where none of its streams is there; ConnectionError where the server does
 *   not answer, or this user may not ask
 */
export async function readMetrics(
  pipeline: Pipeline,
  options: MetricsOptions = {},
): Promise<PipelineMetrics> {
  refuseNoPipeline(pipeline);
  checkOptions(metricsChecks, options);
  const { overMs = defaultOverMs } = options;
  return measure(pipeline, () => sleep(overMs));
}

/** The same as long as something takes. */
export async function measure(pipeline: Pipeline, during: () => Promise<unknown>): Promise<PipelineMetrics> {
  const [before, subjectsBefore] = await Promise.all([takeLook(pipeline), readSubjectCounts(pipeline)]);
  if (before.streams.every(({ standstill }) => standstill?.kind === 'no-stream'))
    throw noStream(pipeline.link, pipeline.config.streams.events.name);
  await during();
  const [after, subjectsAfter] = await Promise.all([takeLook(pipeline), readSubjectCounts(pipeline)]);
  const ms = after.tickMs - before.tickMs;
  const arrivals = subjectsBefore && subjectsAfter && new Arrivals(pipeline, subjectsBefore, subjectsAfter);
  const journalled = before.streams.find(({ role }) => role === 'advisories')?.info?.state.last_seq;
  const attempts = journalled === undefined ? undefined : await countAttempts(pipeline, journalled + 1);
  const [types, consumers] = await Promise.all([
    typesOf(pipeline, arrivals, ms),
    Promise.all(
      after.consumers.map((one) =>
        consumerOf(one, { before: consumerIn(before, one), attempts, arrivals, ms }),
      ),
    ),
  ]);
  return {
    pipeline: pipeline.config.name,
    server: pipeline.link.server,
    over: Math.round(ms),
    at: isoOfMs(after.atMs),
    types,
    consumers,
    streams: streamsOf(before, after, ms),
  };
}

function perSecond(count: number | undefined, ms: number): number | null {
  return count === undefined || ms <= 0 ? null : round((count / ms) * 1000);
}

async function typesOf(
  { config }: Pipeline,
  arrivals: Arrivals | undefined,
  ms: number,
): Promise<TypeMetrics[]> {
  const known = await Promise.all(
    config.events.map(async ({ type, subject }) => ({
      type,
      perSecond: perSecond(await arrivals?.of([subject]), ms),
    })),
  );
  const others = arrivals?.others(config.events.map(({ subject }) => subject));
  return others === undefined ? known : [...known, { type: null, perSecond: perSecond(others, ms) }];
}

interface Known {
  readonly before: ConsumerLook | undefined;
  readonly attempts: AttemptCounts | undefined;
  readonly arrivals: Arrivals | undefined;
  readonly ms: number;
}

async function consumerOf(one: ConsumerLook, known: Known): Promise<ConsumerMetrics> {
  const { name, stage } = one;
  const { before, attempts, ms } = known;
  const counted = attempts?.(name, stage);
  return {
    name,
    stage,
    perSecond: before ? deliveriesBetween(before, one, ms) : null,
    ackRatio: await ackRatioOf(one, known),
    handlerMs: counted && counted.timed > 0 ? round(counted.totalMs / counted.timed) : null,
  };
}

/**
 * What was acknowledged is what came, less what is left to do: the server counts neither acknowledgements nor naks. Of a
 * retry each success has its record.
 */
async function ackRatioOf(one: ConsumerLook, { before, attempts, arrivals }: Known): Promise<number | null> {
  const { name, stage, external, info } = one;
  const counted = attempts?.(name, stage);
  if (!counted || external || !info || !before?.info || before.info.created !== info.created) return null;
  if (stage === 'retry') return ratio(counted.resolved, counted.failed);
  if (stage !== 'main' || one.role !== 'events') return null;
  const came = await arrivals?.of(info.config.filter_subjects ?? [info.config.filter_subject || '>']);
  if (came === undefined) return null;
  const acknowledged = came - (workOf(one) - workOf(before));
  return ratio(Math.max(0, acknowledged - counted.exhausted), counted.failed);
}

function ratio(succeeded: number, failed: number): number | null {
  const all = succeeded + failed;
  return all === 0 ? null : round(succeeded / all);
}

function streamsOf(before: Look, after: Look, ms: number): StreamMetrics[] {
  return after.streams.map(({ name, info }) => {
    const was = before.streams.find((one) => one.name === name)?.info;
    return { name, bytesPerHour: was && info ? growthBetween(was, info, ms) : null };
  });
}
