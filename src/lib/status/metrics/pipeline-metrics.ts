import type { Stage } from '../../domain/key.js';

/** Rates of a pipeline, measured between two looks. What is not known is null. */
export interface PipelineMetrics {
  /** The `name` of the config. */
  readonly pipeline: string;
  /** Address of the server. */
  readonly server: string;
  /** How long was measured, ms. */
  readonly over: number;
  /** When the second look was, ISO. */
  readonly at: string;
  /** Each event type of the config, and the others together. */
  readonly types: readonly TypeMetrics[];
  /** Each consumer of the config in each of its stages, then those that route. */
  readonly consumers: readonly ConsumerMetrics[];
  /** The six streams. */
  readonly streams: readonly StreamMetrics[];
}

/** Events of one type. */
export interface TypeMetrics {
  /** Its name; null: events of no type of the config. */
  readonly type: string | null;
  /** How many were stored a second. */
  readonly perSecond: number | null;
}

/** One consumer in one stage. */
export interface ConsumerMetrics {
  /** The consumer of the config that it serves, or `meta-consumer`. */
  readonly name: string;
  /** Which stage of it. */
  readonly stage: Stage;
  /** Deliveries a second, repeated ones included. */
  readonly perSecond: number | null;
  /** Of the attempts that ended, the part that succeeded: 0 to 1. Null: none ended, or of routing and external consumers. */
  readonly ackRatio: number | null;
  /** How long a handler took on average, ms, in the attempts that the journal has: those that failed, and retries. */
  readonly handlerMs: number | null;
}

/** One stream. */
export interface StreamMetrics {
  /** Its name on the server. */
  readonly name: string;
  /** How many bytes it grew in an hour, at this rate; negative: it shrank. */
  readonly bytesPerHour: number | null;
}
