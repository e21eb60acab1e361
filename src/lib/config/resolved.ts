import { refuseNoConfig } from '../domain/given.js';
import type { BatchSettings } from './batch-settings.js';
import type { ServerSettings } from '../connection/target-options.js';
import type { AlertRate } from '../domain/alert-rate.js';
import type { EnvelopeKeys } from '../domain/envelope.js';
import type { KeyReferences } from '../domain/key-reference.js';
import type { Numbers } from '../domain/numbers.js';
import type { StagePlan } from '../domain/stage-plan.js';
import type { SubjectRoots } from '../domain/subjects.js';
import type { StreamPlacement, StreamRole, StreamSettings } from './resolved-streams.js';
import type { StandardSchema } from './schema/standard-schema.js';
import type { LogSettings } from './telling/log.js';

export type { StreamPlacement, StreamRole, StreamSettings };

/** A config after loading: every default filled in, every duration in ms, every path absolute. */
export interface PipelineConfig {
  /** Name of the pipeline; marks what it owns on the server. */
  readonly name: string;
  /**
   * The file it came from; relative paths in it were relative to this file's folder. Of a config that was read from the
   * server: the name of the file that was applied.
   */
  readonly file: string;
  /** How it was applied, of a config that was read from the server: no handlers and no schemas came with it. */
  readonly applied?: Applied;
  /** The six streams, by what they are for. */
  readonly streams: Readonly<Record<StreamRole, StreamSettings>>;
  /** First tokens of our own streams' subjects, from their `subjects`. */
  readonly roots: SubjectRoots;
  /** Prefix of an event type's subject, e.g. `events`. */
  readonly eventsRoot: string;
  /** The event types. */
  readonly events: readonly EventType[];
  /** Those whose handlers we run. */
  readonly consumers: readonly ConsumerSettings[];
  /** Those whose worker is another program: nothing of ours runs, retries or replays their events. */
  readonly external: readonly ExternalConsumer[];
  /** How exhausted events are routed. */
  readonly meta: MetaSettings;
  /** What to tell, and where. */
  readonly alerts: AlertSettings;
  /** Where else `pipeline run` logs to. Default: nowhere. */
  readonly log?: LogSettings;
  /** Verbs that write ask for the pipeline's name. */
  readonly protected: boolean;
  /** Events of dead letters and waiting retries are kept before they age out. */
  readonly keepOriginals: boolean;
  /** Filters of subjects that each name one thing: only the newest event counts. */
  readonly latestOnly: readonly string[];
  /** What is kept of who looks at payloads. Default: nothing. */
  readonly audit?: {
    /** Each look. */
    readonly reads: true;
  };
  /** Keys of the JSON object around the data. Default: there is none. */
  readonly envelope?: EnvelopeKeys;
  /** Header with the correlation id. Default: `Session-Id`. */
  readonly correlationHeader?: string;
  /** Where the keys of encrypted payloads are. */
  readonly keys?: KeyReferences;
  /** As schemas see numbers at publishing, and consumers that don't say it themselves. */
  readonly numbers: Numbers;
  /** Name of the cluster that the server must be in. Default: any. */
  readonly cluster?: string;
  /** Where the config says the server is. Flags, environment and context win over it. */
  readonly server?: ServerSettings;
}

/** Who stored a config on the server, and when. */
export interface Applied {
  /** When, ISO. */
  readonly at: string;
  /** Who, `<user>@<host>`. */
  readonly by: string;
  /** Name of the config file, without its folder. */
  readonly file: string;
  /** SHA-256 of what the config means, in hex. */
  readonly hash: string;
}

/** An event type of the config. */
export interface EventType {
  /** Its name, e.g. `totp.requested`. */
  readonly type: string;
  /** The subject that it is published to, e.g. `events.totp.requested`; with parts, `*` stands for each of them. */
  readonly subject: string;
  /** The subject with the names of its parts, e.g. `events.{tenant}.totp.requested`. Default: it has none. */
  readonly template?: string;
  /** Checks the data when it is published and when it is handled. Default: no check. */
  readonly schema?: StandardSchema;
  /** Its payloads are encrypted. Default: they are not. */
  readonly encrypt?: true;
  /** A larger payload is published with a warning, bytes. Default: 1024. */
  readonly maxBytes?: number;
  /** What has happened when there is such an event. */
  readonly description?: string;
  /** The one service that publishes it. */
  readonly owner?: string;
  /** Data of such events. */
  readonly examples?: readonly unknown[];
  /** Who publishes it is warned; text: what to use instead. Default: false. */
  readonly deprecated?: true | string;
}

/** Where a new consumer starts reading. */
export type Start =
  | {
      /** All stored events, new ones only, or the last one of each subject. */
      readonly at: 'all' | 'new' | 'last-per-subject';
    }
  | {
      /** From a time on. */
      readonly at: 'time';
      /** RFC 3339. */
      readonly time: string;
    }
  | {
      /** From a sequence on. */
      readonly at: 'seq';
      /** Sequence in the events stream. */
      readonly seq: number;
    };

/** How often a stage tries, and how long it waits in between. */
export interface StageLimits {
  /** How many times an event is tried in this stage, 1 to 1000. */
  readonly attempts: number;
  /** Wait after each failed attempt, ms; the last entry is used for all later ones. */
  readonly backoffMs: readonly number[];
}

/** What every consumer of the events stream has. */
export interface ReaderSettings extends StageLimits {
  /** Its key under `consumers`. */
  readonly name: string;
  /** What it reads of the events stream; no two overlap. */
  readonly subjects: readonly string[];
  /** The server delivers again after this long without an acknowledgement or a sign of life, ms. */
  readonly ackWaitMs: number;
  /** Where a new consumer starts reading. Does not move an existing one. */
  readonly start: Start;
  /** Called for each new dead letter, besides the log. */
  readonly onDeadLetter: {
    /** Absolute path of the module whose default export is called. */
    readonly handler?: string;
    /** URL that the dead letter is posted to. */
    readonly webhook?: string;
    /** Subject that the dead letter is published to. */
    readonly subject?: string;
  };
}

/**
 * A consumer of another program. `attempts` is the server's `max_deliver`; `backoffMs` is the server's own list of
 * waits after each delivery, none: `ackWaitMs` after each.
 */
export type ExternalConsumer = ReaderSettings;

/** A consumer that this pipeline runs. */
export interface ConsumerSettings extends ReaderSettings {
  /** Absolute path of the module whose default export handles an event. Empty: the config is from the server. */
  readonly handler: string;
  /** Most handlers that run at once in one stage of one process. */
  readonly concurrency: number;
  /** Most events that one process holds in one stage. Default: 1.5 for each place of a handler, 1 when ordered. */
  readonly buffer?: number;
  /** An attempt that runs longer has failed, ms. */
  readonly timeoutMs: number;
  /** One event after another, in stream order, retries of the main stage included. */
  readonly ordered: boolean;
  /** Acks are confirmed by the server before the event counts as done. */
  readonly confirmAcks: boolean;
  /** Its handler takes several events at once; `concurrency` then counts batches. Default: one event. */
  readonly batch?: BatchSettings;
  /** What its handler gets for numbers that JavaScript would round. */
  readonly numbers: Numbers;
  /** The retry stage. Not `enabled`: exhausted events go straight to the DLQ, and a replay has main's attempts. */
  readonly retry: StageLimits & {
    /** There is a retry stage. */
    readonly enabled: boolean;
    /** Wait before the first attempt of the retry stage, ms. */
    readonly delayMs: number;
  };
}

/** The consumers that route: how often they try, and how long they wait. */
export interface MetaSettings extends StageLimits {
  /** Most records that one process routes at once. */
  readonly concurrency: number;
  /** The server delivers a record again after this long without an acknowledgement, ms. */
  readonly ackWaitMs: number;
}

/** From where on something is degraded, and from where on critical: above each, not at it. */
export interface AlertLevels {
  /** Above this. */
  readonly degraded: number;
  /** Above this; at least as much. */
  readonly critical: number;
}

/** Conditions that are told once, by one of all processes. What is left out is not looked at. */
export interface AlertSettings {
  /** The first dead letter of a new group. */
  readonly newGroup: boolean;
  /** A dead letter of a group whose dead letters had all left the DLQ. */
  readonly groupBack: boolean;
  /** More dead letters than `count` in `perMs`. */
  readonly rate?: AlertRate;
  /** More dead letters than this in the DLQ. */
  readonly count?: number;
  /** More dead letters than this are critical for `pipeline health`. */
  readonly countCritical?: number;
  /** Messages that wait for one consumer. */
  readonly lag?: AlertLevels;
  /** How much of its limit of bytes or messages a stream uses, percent. */
  readonly storage?: AlertLevels;
  /** Nobody has run a consumer that has work for longer than this, ms. */
  readonly nobodyRunsMs?: number;
  /** A dead letter is in the DLQ for longer than this, ms. */
  readonly oldestMs?: number;
  /** The event of a dead letter leaves its stream within this time, and is not kept, ms. */
  readonly expiringMs?: number;
  /** URL that alerts are posted to. */
  readonly webhook?: string;
  /** Absolute path of the module whose default export is called. */
  readonly handler?: string;
  /** Subject that alerts are published to. */
  readonly subject?: string;
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

/** What a handler file is needed for. */
export interface HandlerFile {
  /** Path in the config that names it: `consumers.<name>.handler`. */
  readonly path: string;
  /** Absolute path of the file. */
  readonly file: string;
}

/**
 * The modules that a config needs, or some of its consumers, each with the path in the config that names it: handlers,
 * those of `onDeadLetter`, which external consumers may have too, and of a whole config that of its alerts.
 */
export function handlerFiles(
  of: PipelineConfig | readonly (ConsumerSettings | ExternalConsumer)[],
): HandlerFile[] {
  if (!Array.isArray(of)) refuseNoConfig(of);
  if ('streams' in of) return [...handlerFiles([...of.consumers, ...of.external]), ...alertFiles(of)];
  return of.flatMap((consumer) => [
    ...('handler' in consumer && consumer.handler !== ''
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

/** The module that alerts need, whichever consumers run. */
export function alertFiles({ alerts }: Pick<PipelineConfig, 'alerts'>): HandlerFile[] {
  return alerts.handler === undefined ? [] : [{ path: 'alerts.handler', file: alerts.handler }];
}
