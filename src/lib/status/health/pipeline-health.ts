/** From the best to the worst. */
export const statuses = ['ok', 'degraded', 'critical'] as const;

/** `degraded`: somebody should look at it; `critical`: events are held up or about to be lost. */
export type HealthStatus = (typeof statuses)[number];

/** What a check looks at. */
export type HealthCheckName =
  /** A stream is there, has a leader, and stores what comes. */
  | 'stream'
  /** How much of its limit of bytes or messages a stream uses, or of its storage the account, percent. */
  | 'storage'
  /** Dead letters in the DLQ. */
  | 'deadLetters'
  /** A consumer is there, has a leader, and delivers. */
  | 'consumer'
  /** Messages that wait for a consumer. */
  | 'lag'
  /** Messages of a consumer that nobody takes. */
  | 'nobodyRuns'
  /** Age of the oldest unprocessed message of a consumer, seconds, where its stream removes messages by age. */
  | 'unprocessed';

/** One check of one stream or consumer. */
export interface HealthCheck {
  /** What it looks at. */
  readonly name: HealthCheckName;
  /** The stream or consumer, by its name on the server; `account file` and `account memory` are of all streams. */
  readonly about: string;
  /** What it says. */
  readonly status: HealthStatus;
  /** What was measured; null: nothing is, or it is unknown. */
  readonly value: number | null;
  /** Degraded above this; null: there is no such limit. */
  readonly warn: number | null;
  /** Critical above this; null: there is no such limit. */
  readonly critical: number | null;
  /** In words, on one line. */
  readonly message: string;
}

/** How a pipeline is, in one word, and what says so. */
export interface PipelineHealth {
  /** The `name` of the config. */
  readonly pipeline: string;
  /** Address of the server. */
  readonly server: string;
  /** When the server was asked, ISO. */
  readonly at: string;
  /** That of the worst check. */
  readonly status: HealthStatus;
  /** All checks, those that are ok too. */
  readonly checks: readonly HealthCheck[];
}
