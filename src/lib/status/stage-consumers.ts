import {
  type PipelineConfig,
  type ReaderSettings,
  retryAckWaitMs,
  type StreamRole,
} from '../config/resolved.js';
import { metaConsumers, stageConsumers } from '../domain/consumer-names.js';
import type { Stage } from '../domain/key.js';

/** One consumer of the pipeline on the server, and what it is for. */
export interface StageConsumer {
  /** The consumer of the config that it serves, or `meta-consumer`. */
  readonly name: string;
  readonly stage: Stage;
  /** Its name on the server. */
  readonly consumer: string;
  /** Its stream. */
  readonly stream: string;
  /** What its stream is for. */
  readonly role: StreamRole;
  /** Another program runs it: its floor stays behind what the server gave up. */
  readonly external: boolean;
  /** What is in hand that long, without a delivery or an acknowledgement meanwhile, is in nobody's hand, ms. */
  readonly patienceMs: number;
}

/** Every consumer of the pipeline: each of the config with its stages, then those that route. */
export function stageConsumersOf(config: PipelineConfig): readonly StageConsumer[] {
  const { streams, meta } = config;
  const of = (
    { name, ackWaitMs }: Pick<ReaderSettings, 'name' | 'ackWaitMs'>,
    timeoutMs: number,
    external: boolean,
  ): StageConsumer[] => {
    const names = stageConsumers(name);
    const make = (stage: Stage, role: StreamRole, patienceMs: number): StageConsumer => ({
      name,
      stage,
      consumer: names[stage],
      stream: streams[role].name,
      role,
      external: external && stage === 'main',
      patienceMs,
    });
    return [
      make('main', 'events', ackWaitMs + timeoutMs),
      ...(external ? [] : [make('retry', 'retry', retryAckWaitMs + timeoutMs)]),
      make('dlq', 'dlq', 2 * retryAckWaitMs),
    ];
  };
  return [
    ...config.consumers.flatMap((one) => of(one, one.timeoutMs, false)),
    ...config.external.flatMap((one) => of(one, 0, true)),
    ...(['main', 'retry', 'dlq'] as const).map(
      (stage): StageConsumer => ({
        name: metaConsumers.main,
        stage,
        consumer: metaConsumers[stage],
        stream: streams.advisories.name,
        role: 'advisories',
        external: false,
        patienceMs: 2 * meta.ackWaitMs,
      }),
    ),
  ];
}
