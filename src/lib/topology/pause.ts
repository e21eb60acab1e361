import { checkOptions, type Checks } from '../domain/options.js';
import { refuseNoPipeline, refuseNoText, refuseTime } from '../domain/given.js';
import { unknownConsumer } from '../config/unknown-consumer.js';
import { metaConsumers } from '../domain/consumer-names.js';
import type { Stage } from '../domain/key.js';
import { ConnectionError, OperationError, UsageError } from '../errors.js';
import { pauseUntil } from '../nats/objects.js';
import { versionAtLeast } from '../nats/server-version.js';
import { pauseOf } from '../nats/standstill.js';
import { logDone } from '../operations/operation-log.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { requireOwn } from '../pipeline/require-own.js';
import { stageConsumersOf } from '../status/stage-consumers.js';
import { suggestCommand } from '../suggestion.js';

/** The first server that can hold a consumer. */
const pausingSince = '2.11.0';

/** One stage of a consumer that runs its handler, as it is on the server. */
export interface PausableStage {
  /** `main` or `retry`. */
  readonly stage: Stage;
  /** Its name on the server. */
  readonly consumer: string;
  /** Its stream. */
  readonly stream: string;
  /** Events or retries that wait for it, those that are not due yet included. */
  readonly waiting: number;
  /** Delivered, and not done: they are finished, also while it is paused. */
  readonly inHand: number;
  /** The server delivers nothing of it now. */
  readonly paused: boolean;
  /** Until when it is paused, ISO; null: it is not, or the server does not say. */
  readonly until: string | null;
}

/** What a pause or its end is about, and what it changed. */
export interface ConsumerPause {
  /** The `name` of the config. */
  readonly pipeline: string;
  /** Address of the server. */
  readonly server: string;
  /** The consumer of the config. */
  readonly consumer: string;
  /** Its stages that run its handler. */
  readonly stages: readonly PausableStage[];
}

/** Why, for `operations log`. */
export interface PauseReason {
  /** One line. Default: none. */
  readonly reason?: string;
}

const reasonChecks = { reason: refuseNoText } as const satisfies Checks<PauseReason>;

/**
 * The stages of a consumer that can be paused, as they are now.
 *
 * @throws UsageError: the config has no such consumer, or it is one that routes; OperationError `NOT_APPLIED`; ConnectionError, also `SERVER_TOO_OLD`
 */
export async function readPause(pipeline: Pipeline, consumer: string): Promise<ConsumerPause> {
  refuseNoPipeline(pipeline);
  refuseNoText('consumer', consumer);
  const { link, config } = pipeline;
  const all = stageConsumersOf(config).filter(({ role }) => role === 'events' || role === 'retry');
  const own = all.filter(({ name }) => name === consumer);
  if (Object.values(metaConsumers).includes(consumer))
    throw new UsageError(`${consumer} routes, and has no handler: consumers that route can't be paused`);
  if (own.length === 0) throw unknownConsumer(null, consumer, [...new Set(all.map(({ name }) => name))]);
  if (!versionAtLeast(link.serverVersion, pausingSince)) {
    throw new ConnectionError(
      `the server at ${link.server} has version ${link.serverVersion}: it can't pause a consumer, which takes ${pausingSince} or later. Stop the processes that run it instead`,
      { code: 'SERVER_TOO_OLD' },
    );
  }
  const stages = await Promise.all(
    own.map(async ({ stage, stream, consumer: name }): Promise<PausableStage> => {
      const info = await link.consumerInfo(stream, name);
      if (!info) throw missing(stream, name);
      const pause = pauseOf(info);
      const { num_pending: waiting, num_ack_pending: inHand } = info;
      return {
        stage,
        consumer: name,
        stream,
        waiting,
        inHand,
        paused: pause !== undefined,
        until: pause?.until ?? null,
      };
    }),
  );
  return { pipeline: config.name, server: link.server, consumer, stages };
}

/**
 * Has the server deliver nothing of a consumer, in any of its stages, until a time; its processes may go on running. What
 * is in hand is finished. `operations log` shows it, and is written first. Again: another end.
 *
 * @param until ms since 1970
 * @throws as `readPause`
 */
export async function pauseConsumer(
  pipeline: Pipeline,
  consumer: string,
  until: number,
  options: PauseReason = {},
): Promise<ConsumerPause> {
  refuseNoPipeline(pipeline);
  refuseNoText('consumer', consumer);
  refuseTime('until', until ?? null);
  checkOptions(reasonChecks, options);
  const { reason = '' } = options;
  return change(pipeline, consumer, { until: new Date(until), did: 'paused', reason });
}

/**
 * Ends a pause before its time. `operations log` shows it. Without a pause nothing is done.
 *
 * @throws as `readPause`
 */
export async function resumeConsumer(
  pipeline: Pipeline,
  consumer: string,
  options: PauseReason = {},
): Promise<ConsumerPause> {
  refuseNoPipeline(pipeline);
  refuseNoText('consumer', consumer);
  checkOptions(reasonChecks, options);
  const { reason = '' } = options;
  return change(pipeline, consumer, { until: undefined, did: 'resumed', reason });
}

async function change(
  pipeline: Pipeline,
  consumer: string,
  { until, did, reason }: { readonly until: Date | undefined; readonly did: string; readonly reason: string },
): Promise<ConsumerPause> {
  await requireOwn(pipeline);
  const { stages } = await readPause(pipeline, consumer);
  const todo = stages.filter(({ paused }) => paused || until !== undefined);
  if (todo.length > 0) {
    const end = until === undefined ? '' : `until ${until.toISOString()}`;
    const note = [end, reason].filter((part) => part !== '').join(': ');
    await logDone(pipeline, { did, consumers: [consumer], note });
    for (const { stream, consumer: name } of todo) await pauseUntil(pipeline.link, stream, name, until);
  }
  return readPause(pipeline, consumer);
}

function missing(stream: string, name: string): OperationError {
  return new OperationError(`the server has no consumer ${name} on ${stream}`, {
    code: 'NOT_APPLIED',
    suggestions: [suggestCommand('pipeline apply')],
  });
}
