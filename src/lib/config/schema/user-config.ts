import type { Numbers } from '../../domain/numbers.js';
import type { StandardSchema } from './standard-schema.js';

/** A config file as users write it. Rules, defaults and descriptions: config/schema; a test holds the two together. */
export interface UserConfig<E extends string = string> {
  $schema?: string | undefined;
  /** Name of the pipeline; marks what it owns on the server. */
  name: string;
  /** Copies of each stream in the cluster, 1 to 5. Default: 1. */
  replicas?: number | undefined;
  streams?: UserStreams | undefined;
  /** Event types, e.g. `'totp.requested': { schema }`; its subject is then `events.totp.requested`. */
  events?: Record<E, UserEvent | null> | undefined;
  /** Consumers by name. */
  consumers?: Record<string, UserConsumer<NoInfer<E>>> | undefined;
  /** The consumers that route exhausted events. */
  meta?: UserMeta | undefined;
  /**
   * What `event.data` has for a number that JavaScript would round: `number` the nearest one, `bigint` an exact BigInt
   * for an integer, `text` the digits as text. Default: `number`.
   */
  numbers?: Numbers | undefined;
  /** Where the server is, unless a flag or the environment says it. */
  server?: { url?: string | undefined; context?: string | undefined } | undefined;
}

export interface UserStreams {
  /** The events themselves, the only copy. Default: `events`, 7 days. */
  events?: (UserStream & { maxAge?: string | undefined; retention?: 'limits' | undefined }) | undefined;
  /** Pointers to events that wait for the retry stage. Default: `events-retry`. */
  retry?: UserStream | undefined;
  /** Dead letters; they stay until somebody replays them. Default: `events-dlq`. */
  dlq?: UserStream | undefined;
  /** The journal. Default: `events-advisories`, 30 days. */
  advisories?: (UserStream & { maxAge?: string | undefined }) | undefined;
}

export interface UserStream {
  name?: string | undefined;
  /** Default: `['<name>.>']`. */
  subjects?: string[] | undefined;
  /** Default: `file`. */
  storage?: 'file' | 'memory' | undefined;
  /** 1 to 5. Default: the replicas of the pipeline. */
  replicas?: number | undefined;
  /** Bytes, or text like `10GB`. Default: no limit. */
  maxBytes?: number | string | undefined;
  /** Default: no limit. */
  maxMsgs?: number | undefined;
  /** What happens at a size limit. Default: `old` for events and advisories, `new` for retry and dlq. */
  discard?: 'old' | 'new' | undefined;
  /** How long a message id is remembered. Default: `2m`. */
  duplicateWindow?: string | undefined;
}

export interface UserEvent {
  /** Any Standard Schema (zod, valibot, arktype, …) of the event's data. */
  schema?: StandardSchema | undefined;
  /** Default: `<root of the events stream>.<type>`. */
  subject?: string | undefined;
}

export interface UserStage {
  /** How many times the handler is tried in this stage, 1 to 1000. Default: 3 (meta: 5). */
  attempts?: number | undefined;
  /** Wait after each failed attempt; the last entry serves all later ones. */
  backoff?: string[] | undefined;
}

export type UserConsumer<E extends string = string> = UserManagedConsumer<E> | UserExternalConsumer<E>;

interface UserReader<E extends string> {
  /** Event types that it handles; or `subjects`. */
  events?: E[] | undefined;
  /** Subjects that it handles, wildcards allowed; or `events`. */
  subjects?: string[] | undefined;
  /** Where a new consumer starts. Default: `all`. */
  start?:
    | 'all'
    | 'new'
    | 'last-per-subject'
    | { time?: string | undefined; seq?: number | undefined }
    | undefined;
  /** Who is told about a new dead letter, besides the log. */
  onDeadLetter?: { handler?: string | undefined; webhook?: string | undefined } | undefined;
}

export interface UserManagedConsumer<E extends string = string> extends UserReader<E>, UserStage {
  external?: false | undefined;
  /** Module whose default export is `async (event, ctx) => {}`; relative to the config file. */
  handler: string;
  /** Most handlers that run at once in one stage of one process. Default: 10, or 1 when ordered. */
  concurrency?: number | undefined;
  /** Longest run of the handler. Default: `30s`. */
  timeout?: string | undefined;
  /** After this long without a sign of life from a worker the server delivers again. Default: `30s`. */
  ackWait?: string | undefined;
  /** The retry stage; `false`: straight to the DLQ. Default: `{ delay: '5m', attempts: 3, backoff: ['30s', '2m'] }`. */
  retry?: false | (UserStage & { delay?: string | undefined }) | undefined;
  /** One event after the other, in the order of the stream; needs concurrency 1. Default: false. */
  ordered?: boolean | undefined;
  /** Wait for the server to confirm each ack. Default: false. */
  confirmAcks?: boolean | undefined;
  /** Numbers of `event.data` that JavaScript would round. Default: `numbers` of the pipeline. */
  numbers?: Numbers | undefined;
}

/** A consumer whose worker is another program, which the pipeline does not run. */
export interface UserExternalConsumer<E extends string = string> extends UserReader<E> {
  external: true;
  /** How many times the server delivers an event before it gives up (`max_deliver`). Default: 3. */
  attempts?: number | undefined;
  /** After this long without an answer of the worker the server delivers again; or `backoff`. Default: `30s`. */
  ackWait?: string | undefined;
  /** How long the server waits after each delivery; or `ackWait`. Default: none. */
  backoff?: string[] | undefined;
}

export interface UserMeta extends UserStage {
  /** Default: 256. */
  concurrency?: number | undefined;
  /** Default: `30s`. */
  ackWait?: string | undefined;
}
