import type { Stage } from '../domain/key.js';

/** How a pipeline is: its streams, its consumers, and what waits. What is not known is null. */
export interface PipelineStatus {
  /** The `name` of the config. */
  readonly pipeline: string;
  /** Address of the server. */
  readonly server: string;
  /** When the server was asked, ISO. */
  readonly at: string;
  /** The six streams. */
  readonly streams: readonly StreamStatus[];
  /** Each consumer of the config in each of its stages, then those that route. */
  readonly consumers: readonly ConsumerStatus[];
  /** The retry stage of all consumers. */
  readonly retry: RetryStatus;
  /** The dead letter queue. */
  readonly dlq: DlqStatus;
}

/** One stream. */
export interface StreamStatus {
  /** Its name on the server. */
  readonly name: string;
  /** How many messages it holds. */
  readonly messages: number | null;
  /** What they take on the disk or in memory. */
  readonly bytes: number | null;
  /** Most bytes that it may hold; null: no limit, or unknown. */
  readonly limit: number | null;
  /** How much of its limit of bytes or messages is used, whichever is more: 0 to 1. Null: it has none. */
  readonly used: number | null;
  /** Bytes an hour: of one look on average since its oldest message, of a watched one between two looks. */
  readonly growthPerHour: number | null;
  /** When its oldest message was stored, ISO. */
  readonly oldestAt: string | null;
  /** Why it does not work; null: nothing is known against it. */
  readonly problem: string | null;
}

/** One consumer in one stage. */
export interface ConsumerStatus {
  /** The consumer of the config that it serves, or `meta-consumer`. */
  readonly name: string;
  /** Which stage of it. */
  readonly stage: Stage;
  /** How many messages nobody has taken yet. */
  readonly pending: number | null;
  /** How many are in hand, or were given back for later. */
  readonly ackPending: number | null;
  /** How many of those were delivered more than once. */
  readonly redelivered: number | null;
  /** How many requests of workers wait for messages. None: nobody asks, or all who do have their hands full. */
  readonly waiting: number | null;
  /** When its oldest unprocessed message was stored, ISO; null: it has none, or it is unknown. */
  readonly oldestAt: string | null;
  /** Deliveries a second, repeated ones included. */
  readonly perSecond: number | null;
  /** Somebody has paused it. */
  readonly paused: boolean;
  /** Why the server delivers nothing of it now; null: nothing stands in the way. */
  readonly problem: string | null;
}

/** Retries that wait. */
export interface RetryStatus {
  /** How many. */
  readonly waiting: number | null;
  /** When the first of them is due, or was, ISO; null: none waits, or there are more than 5,000. */
  readonly nextDueAt: string | null;
}

/** Dead letters. */
export interface DlqStatus {
  /** How many stand in the DLQ. */
  readonly dead: number | null;
  /** How many are archived. */
  readonly archived: number | null;
  /** How many groups they are, those that are not archived; null: there are more than 5,000 dead letters. */
  readonly groups: number | null;
  /** When the oldest came to the DLQ, ISO. */
  readonly oldestAt: string | null;
  /**
   * How many of their events leave their stream within a day, or `alerts.expiring`, and are not kept. Null: there are more
   * than 5,000 dead letters.
   */
  readonly expiring: number | null;
}
