import type { ServerSettings } from '../connection/target-options.js';
import type { Numbers } from '../domain/numbers.js';
import type { StagePlan } from '../domain/stage-plan.js';
import type { SubjectRoots } from '../domain/subjects.js';
import type { StandardSchema } from './schema/standard-schema.js';

/** A config after loading: every default filled in, every duration in ms, every path absolute. */
export interface PipelineConfig {
  readonly name: string;
  /** The file it came from; relative paths in it were relative to this file's folder. */
  readonly file: string;
  readonly streams: Readonly<Record<StreamRole, StreamSettings>>;
  /** First tokens of our own streams' subjects, from their `subjects`. */
  readonly roots: SubjectRoots;
  /** Prefix of an event type's subject, e.g. `events`. */
  readonly eventsRoot: string;
  readonly events: readonly EventType[];
  /** Those whose handlers we run. */
  readonly consumers: readonly ConsumerSettings[];
  /** Those whose worker is another program: nothing of ours runs, retries or replays their events. */
  readonly external: readonly ExternalConsumer[];
  readonly meta: MetaSettings;
  /** As schemas see numbers at publishing, and consumers that don't say it themselves. */
  readonly numbers: Numbers;
  /** Where the config says the server is; lowest but one in precedence. */
  readonly server?: ServerSettings;
}

export type StreamRole = 'events' | 'retry' | 'dlq' | 'advisories';

export interface StreamSettings {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly storage: 'file' | 'memory';
  readonly replicas: number;
  /** 0: for ever. */
  readonly maxAgeMs: number;
  /** -1: no limit. */
  readonly maxBytes: number;
  /** -1: no limit. */
  readonly maxMsgs: number;
  readonly discard: 'old' | 'new';
  readonly duplicateWindowMs: number;
}

export interface EventType {
  readonly type: string;
  readonly subject: string;
  readonly schema?: StandardSchema;
}

export type Start =
  | { readonly at: 'all' | 'new' | 'last-per-subject' }
  | { readonly at: 'time'; readonly time: string }
  | { readonly at: 'seq'; readonly seq: number };

export interface StageLimits {
  readonly attempts: number;
  /** Wait after each failed attempt, ms; the last entry serves all later ones. */
  readonly backoffMs: readonly number[];
}

/** What every consumer of the events stream has. */
export interface ReaderSettings extends StageLimits {
  readonly name: string;
  /** What it reads of the events stream; no two overlap. */
  readonly subjects: readonly string[];
  readonly ackWaitMs: number;
  readonly start: Start;
  /** Told about each new dead letter, besides the log. */
  readonly onDeadLetter: { readonly handler?: string; readonly webhook?: string };
}

/**
 * A consumer of another program. `attempts` is the server's `max_deliver`; `backoffMs` is the server's own list of
 * waits after each delivery, none: `ackWaitMs` after each.
 */
export type ExternalConsumer = ReaderSettings;

export interface ConsumerSettings extends ReaderSettings {
  /** Absolute path of the module whose default export handles an event. */
  readonly handler: string;
  readonly concurrency: number;
  /** Longest run of a handler, ms. */
  readonly timeoutMs: number;
  /** One event after the other, in the order of the stream, retries of the main stage included. */
  readonly ordered: boolean;
  /** Acks are confirmed by the server before the event counts as done. */
  readonly confirmAcks: boolean;
  /** What its handler gets for numbers that JavaScript would round. */
  readonly numbers: Numbers;
  /** The retry stage. Not `enabled`: exhausted events go straight to the DLQ, and a replay has main's attempts. */
  readonly retry: StageLimits & { readonly enabled: boolean; readonly delayMs: number };
}

/** The consumers that route: how often they try, and how long they wait. */
export interface MetaSettings extends StageLimits {
  readonly concurrency: number;
  readonly ackWaitMs: number;
}

/** `ack_wait` of every retry consumer: changing it would shift what is parked there. */
export const retryAckWaitMs = 30_000;

export function consumerNamed(config: PipelineConfig, name: string): ConsumerSettings | undefined {
  return config.consumers.find((consumer) => consumer.name === name);
}

export function externalNamed(config: PipelineConfig, name: string): ExternalConsumer | undefined {
  return config.external.find((consumer) => consumer.name === name);
}

/** Every consumer of the events stream, whoever runs it. */
export function readersOf(config: PipelineConfig): readonly ReaderSettings[] {
  return [...config.consumers, ...config.external];
}

/** Limits of a consumer's stage: a replay of a consumer without retry stage has main's. */
export function limitsOf(consumer: ConsumerSettings, stage: 'main' | 'retry'): StageLimits {
  return stage === 'retry' && consumer.retry.enabled ? consumer.retry : consumer;
}

/** What is next for an event that this consumer's main stage has used up. */
export function planOf({ retry: { enabled, delayMs, attempts } }: ConsumerSettings): StagePlan {
  return { retry: enabled ? { delayMs, attempts } : false };
}

/**
 * The modules that a config needs, or some of its consumers, each with the path in the config that names it: handlers,
 * and those of `onDeadLetter`, which external consumers may have too.
 */
export function handlerFiles(
  of: PipelineConfig | readonly (ConsumerSettings | ExternalConsumer)[],
): { readonly path: string; readonly file: string }[] {
  const consumers = 'streams' in of ? [...of.consumers, ...of.external] : of;
  return consumers.flatMap((consumer) => [
    ...('handler' in consumer
      ? [{ path: `consumers.${consumer.name}.handler`, file: consumer.handler }]
      : []),
    ...(consumer.onDeadLetter.handler === undefined
      ? []
      : [
          {
            path: `consumers.${consumer.name}.onDeadLetter.handler`,
            file: consumer.onDeadLetter.handler,
          },
        ]),
  ]);
}
