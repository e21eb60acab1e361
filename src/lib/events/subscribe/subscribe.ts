import { refuseNoPipeline } from '../../domain/given.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { noStream } from '../../nats/read/read-stream.js';
import { subjectsMeant } from '../read/subjects-meant.js';
import { joinGroup } from './join-group.js';
import { OwnConsumer } from './own-consumer.js';
import { RunningSubscription } from './running-subscription.js';
import { type SubscribeOptions, type Subscription, subscriptionSettings } from './options.js';

/**
 * Calls a handler with events, at least once each: for programs that want messages, and not the pipeline's attempts,
 * retries and dead letters. Nothing is written to the journal. Resolves when the server has the consumer.
 *
 * Throws UsageError for options that can't be meant, and as `readEvents` with a group; OperationError `NO_STREAM`;
 * ConnectionError.
 */
export async function subscribeEvents(pipeline: Pipeline, options: SubscribeOptions): Promise<Subscription> {
  refuseNoPipeline(pipeline);
  const { link, config } = pipeline;
  const settings = subscriptionSettings(options);
  const { subjects = [], group } = options;
  const meant = subjectsMeant(config, subjects);
  const { name: stream } = config.streams.events;
  const info = await link.streamInfo(stream);
  if (!info) throw noStream(link, stream);
  const { start, ackWaitMs } = settings;
  if (group !== undefined) {
    const isNamed = subjects.length > 0;
    const joined = await joinGroup(pipeline, { group, meant, isNamed, start, ackWaitMs });
    return new RunningSubscription(pipeline, options, { settings, info, meant, joined });
  }
  const own = new OwnConsumer(pipeline, { meant, start, ackWaitMs, lastSeq: info.state.last_seq });
  await own.make();
  return new RunningSubscription(pipeline, options, { settings, info, meant, own });
}
