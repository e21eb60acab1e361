import {
  type ConsumerSettings,
  type PipelineConfig,
  type ReaderSettings,
  retryAckWaitMs,
} from '../config/resolved.js';
import { metaConsumers, stageConsumers } from '../domain/consumer-names.js';
import type { Stage } from '../domain/key.js';
import type { WorkerSettings } from './worker/worker.js';

/** Alerts that run at once, and dead letters that are only logged. */
const alertsAtOnce = 4;
const toldAtOnce = 256;

/** Half as many again keep handlers busy while the next messages are on their way; what waits in hand costs memory. */
function withPrefetch(concurrency: number): number {
  return Math.ceil(concurrency * 1.5);
}

/** Each event of a batch has a place of its own. */
function eventsAtOnce({ concurrency, batch }: ConsumerSettings): number {
  return concurrency * (batch?.size ?? 1);
}

export function metaSettings({ streams, meta }: PipelineConfig, stage: Stage): WorkerSettings {
  return {
    serves: { tier: 'meta', consumer: metaConsumers.main, stage },
    stream: streams.advisories.name,
    consumer: metaConsumers[stage],
    concurrency: meta.concurrency,
    capacity: withPrefetch(meta.concurrency),
    ackWaitMs: meta.ackWaitMs,
    confirmAcks: false,
  };
}

export function mainSettings({ streams }: PipelineConfig, consumer: ConsumerSettings): WorkerSettings {
  const { name, confirmAcks, ackWaitMs } = consumer;
  const concurrency = eventsAtOnce(consumer);
  return {
    serves: { tier: 'business', consumer: name, stage: 'main' },
    stream: streams.events.name,
    consumer: stageConsumers(name).main,
    concurrency,
    capacity: consumer.ordered ? 1 : (consumer.buffer ?? withPrefetch(concurrency)),
    ackWaitMs,
    confirmAcks,
  };
}

export function retrySettings({ streams }: PipelineConfig, consumer: ConsumerSettings): WorkerSettings {
  const { name, confirmAcks } = consumer;
  const concurrency = eventsAtOnce(consumer);
  return {
    serves: { tier: 'business', consumer: name, stage: 'retry' },
    stream: streams.retry.name,
    consumer: stageConsumers(name).retry,
    concurrency,
    capacity: consumer.buffer ?? withPrefetch(concurrency),
    ackWaitMs: retryAckWaitMs,
    confirmAcks,
  };
}

/** `isCalled`: a handler or webhook is called for each dead letter, besides the log. */
export function alertSettings(
  { streams }: PipelineConfig,
  { name }: ReaderSettings,
  isCalled: boolean,
): WorkerSettings {
  const atOnce = isCalled ? alertsAtOnce : toldAtOnce;
  return {
    serves: { tier: 'business', consumer: name, stage: 'dlq' },
    stream: streams.dlq.name,
    consumer: stageConsumers(name).dlq,
    concurrency: atOnce,
    capacity: atOnce,
    ackWaitMs: retryAckWaitMs,
    confirmAcks: false,
  };
}
