import type { Numbers } from '../../domain/numbers.js';
import type { UserLog } from '../telling/log.js';
import type { UserAlerts } from './user-alerts.js';
import type { StandardSchema } from './standard-schema.js';

/** A config file as users write it. Rules, defaults and descriptions: config/schema; a test holds the two together. */
export interface UserConfig<E extends string = string> {
  /** Location of the JSON schema, for editors. Ignored otherwise. */
  $schema?: string | undefined;
  /** Name of the pipeline; marks what it owns on the server. */
  name: string;
  /** Copies of each stream in the cluster, 1 to 5. Default: 1. */
  replicas?: number | undefined;
  /** Names and limits of the six streams. Default: see each stream. */
  streams?: UserStreams | undefined;
  /** Event types, e.g. `'totp.requested': { schema }`; its subject is then `events.totp.requested`. */
  events?: Record<E, UserEvent | null> | undefined;
  /**
   * Root of the subjects of events, e.g. `shop`: `totp.requested` is then at `shop.totp.requested`. NATS_SUBJECT_PREFIX
   * overrides it. Default: the root of the events stream's subjects.
   */
  subjectPrefix?: string | undefined;
  /** Consumers by name. */
  consumers?: Record<string, UserConsumer<NoInfer<E>>> | undefined;
  /** The consumers that route exhausted events. */
  meta?: UserMeta | undefined;
  /** Alerts about dead letters, told once by one of all processes. Default: none. */
  alerts?: UserAlerts | undefined;
  /** Where else `pipeline run` logs to, besides stdout. */
  log?: UserLog | undefined;
  /** Commands that write ask for the pipeline's name, or need it with `--confirm`. Default: false. */
  protected?: boolean | undefined;
  /**
   * `pipeline run` keeps the events of dead letters and waiting retries when a fifth of their life is left. Default:
   * true.
   */
  keepOriginals?: boolean | undefined;
  /**
   * Subjects that each name one thing, of which only the newest event counts; wildcards allowed. `dlq replay` leaves a
   * dead letter whose consumer has processed a newer event of the same subject. Default: none.
   */
  latestOnly?: string[] | undefined;
  /** What `operations log` keeps besides changes. */
  audit?: UserAudit | undefined;
  /** Names of the keys of a JSON object that is put around the data when it is published. Default: none is. */
  envelope?: UserEnvelope | undefined;
  /** Header with the correlation id of an event; log lines have it. Default: `Session-Id`. */
  correlationHeader?: string | undefined;
  /** Where the keys of encrypted payloads are. Needed for `encrypt: true`, and to read what is encrypted. */
  keys?: UserKeys | undefined;
  /**
   * How `event.data` represents a number that JavaScript would round: `number`: the nearest one; `bigint`: an exact
   * BigInt for an integer; `text`: the digits as text. Default: `number`.
   */
  numbers?: Numbers | undefined;
  /** Name of the cluster that the server must be in; others are refused. NATS_CLUSTER_ID overrides it. Default: any. */
  cluster?: string | undefined;
  /** Where the server is. Flags and environment variables win over it. */
  server?:
    | {
        /** `nats://host:port`; several with commas. */
        url?: string | undefined;
        /** A context of the `nats` CLI, by name. */
        context?: string | undefined;
      }
    | undefined;
}

/** The six streams of a pipeline. */
export interface UserStreams {
  /** The events themselves, the only copy. Default: `events`, 7 days. */
  events?:
    | (UserStream & {
        /** How long events are kept, e.g. `7d`. Default: `7d`. */
        maxAge?: string | undefined;
        /** One more event of a subject is refused. Only with `discard: 'new'`. Default: no limit. */
        maxMsgsPerSubject?: number | undefined;
        /** Only `limits` works: other policies delete events before their retries need them. */
        retention?: 'limits' | undefined;
      })
    | undefined;
  /** Pointers to events that wait for the retry stage. Default: `events-retry`. */
  retry?: UserStream | undefined;
  /** Dead letters. Default: `events-dlq`. */
  dlq?:
    | (UserStream & {
        /** How long a dead letter stays, e.g. `30d`, whether anybody has looked at it or not. Default: `0s`, for ever. */
        maxAge?: string | undefined;
      })
    | undefined;
  /** The journal. Default: `events-advisories`, 30 days. */
  advisories?:
    | (UserStream & {
        /** How long the journal is kept, e.g. `30d`. Default: `30d`. */
        maxAge?: string | undefined;
      })
    | undefined;
  /** What people decided: groups, tasks, archived dead letters. Default: `<events stream>-operations`. */
  operations?: UserStream | undefined;
  /** Payloads that must outlive their event. Default: `<events stream>-kept`. */
  kept?: UserStream | undefined;
}

/** One stream. What is left out has the default. */
export interface UserStream {
  /** Name of the stream on the server. Default: see `UserStreams`. */
  name?: string | undefined;
  /** Subjects that it stores, wildcards included. Default: `['<name>.>']`. */
  subjects?: string[] | undefined;
  /** Where the server keeps it. Default: `file`. */
  storage?: 'file' | 'memory' | undefined;
  /** Copies in the cluster, 1 to 5. Default: the `replicas` of the pipeline. */
  replicas?: number | undefined;
  /** Most bytes it may hold: a number, or text like `10GB`. Default: no limit. */
  maxBytes?: number | string | undefined;
  /** Most messages it may hold. Default: no limit. */
  maxMsgs?: number | undefined;
  /** What happens at a size limit. Default: `old` for events and advisories, `new` for the others. */
  discard?: 'old' | 'new' | undefined;
  /** How long a message id is remembered. Default: `2m`. */
  duplicateWindow?: string | undefined;
  /** How the server compresses it on disk. Default: as it is on the server; `none` for a new one. */
  compression?: 'none' | 's2' | undefined;
  /** What the server says of it. Default: as it is on the server; none for a new one. */
  description?: string | undefined;
  /** Texts by name that the server keeps with it, besides ours. Default: none. */
  metadata?: Record<string, string> | undefined;
  /** Which servers of a cluster may keep it. Default: as it is on the server; any for a new one. */
  placement?:
    | {
        /** Name of the cluster that keeps it. Default: any. */
        cluster?: string | undefined;
        /** Tags that each of its servers must have. Default: none. */
        tags?: string[] | undefined;
      }
    | undefined;
}

/** What is kept of who looked at what. */
export interface UserAudit {
  /** Who looks at payloads is kept; what can't be kept is not shown. Default: false. */
  reads?: boolean | undefined;
}

/** Names of the keys of an envelope, all different. What is not named is not in it. */
export interface UserEnvelope {
  /** The data. Default: `payload`. */
  payload?: string | undefined;
  /** The event type. */
  type?: string | undefined;
  /** The message id. */
  id?: string | undefined;
  /** When it was published, ISO. */
  time?: string | undefined;
  /** The correlation id. */
  correlation?: string | undefined;
  /** How often the event failed before; a handler sees it, and it is not stored. */
  attempts?: string | undefined;
}

/** Where keys are, never the keys themselves: `env://NAME`, or `file://path` (relative to the config file). */
export interface UserKeys {
  /** The key that encrypts, and opens: 256 bits in base64 or base64url. */
  current: string;
  /** Keys that were current before: they open what they have encrypted. Default: none. */
  previous?: string[] | undefined;
}

/** An event type. */
export interface UserEvent {
  /** Any Standard Schema (zod, valibot, arktype, …) of the event's data. */
  schema?: StandardSchema | undefined;
  /**
   * The subject it is published to; with parts like `{tenant}`, which are filled in from the event. Default:
   * `<root of the events stream>.<type>`.
   */
  subject?: string | undefined;
  /** Its payloads are encrypted with `keys.current`. Default: false. */
  encrypt?: boolean | undefined;
  /** What has happened when there is such an event, for the catalogue. Default: none. */
  description?: string | undefined;
  /** The one service that publishes it. Default: none. */
  owner?: string | undefined;
  /** Data of such events; `config lint` checks them. Default: none. */
  examples?: unknown[] | undefined;
  /** True, or what to use instead: who publishes it is warned. Default: false. */
  deprecated?: boolean | string | undefined;
  /** A larger payload is published with a warning: bytes, or text like `10KB`. Default: `1KiB`. */
  maxBytes?: number | string | undefined;
}

/** How often a stage tries an event, and how long it waits in between. */
export interface UserStage {
  /** How many times the handler is tried in this stage, 1 to 1000. Default: 3 (meta: 5). */
  attempts?: number | undefined;
  /** Wait after each failed attempt; the last entry is used for all later ones. */
  backoff?: string[] | undefined;
}

/** A consumer that this pipeline runs, or one that another program runs. */
export type UserConsumer<E extends string = string> = UserManagedConsumer<E> | UserExternalConsumer<E>;

/** What managed and external consumers have in common. */
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
    | {
        /** Events stored at or after this time, RFC 3339; or `seq`. */
        time?: string | undefined;
        /** Events with this sequence or a later one; or `time`. */
        seq?: number | undefined;
      }
    | undefined;
  /** Called for each new dead letter, besides the log. */
  onDeadLetter?:
    | {
        /** Module whose default export is called with the `DeadLetter`; relative to the config file. */
        handler?: string | undefined;
        /** URL that the `DeadLetter` is posted to, as JSON. */
        webhook?: string | undefined;
        /** Subject that the `DeadLetter` is published to, as JSON, outside of the pipeline's streams; `{consumer}` is the name. */
        subject?: string | undefined;
      }
    | undefined;
}

/** How many events a handler gets at once. */
export interface UserBatch {
  /** At most so many, 1 to 10,000. */
  size: number;
  /** How long the first event of a batch waits for others. Default: `1s`. */
  wait?: string | undefined;
}

/** A consumer whose handler this pipeline runs. */
export interface UserManagedConsumer<E extends string = string> extends UserReader<E>, UserStage {
  /** Left out or `false`; `true` makes it a `UserExternalConsumer`. */
  external?: false | undefined;
  /** Module whose default export is `async (event, ctx) => {}`; relative to the config file. */
  handler: string;
  /** Most handlers that run at once in one stage of one process. Default: 10, or 1 when ordered or in batches. */
  concurrency?: number | undefined;
  /** Most events that one process holds in one stage, those with a handler included. Default: 1.5 for each place of a handler. */
  buffer?: number | undefined;
  /** An attempt that runs longer has failed. Default: `30s`. */
  timeout?: string | undefined;
  /** The server delivers an event again after this long without a sign of life from its worker. Default: `30s`. */
  ackWait?: string | undefined;
  /** The retry stage; `false`: straight to the DLQ. Default: `{ delay: '5m', attempts: 3, backoff: ['30s', '2m'] }`. */
  retry?:
    | false
    | (UserStage & {
        /** Wait before the first attempt of the retry stage. Default: `5m`. */
        delay?: string | undefined;
      })
    | undefined;
  /** One event after another, in stream order; needs concurrency 1. Default: false. */
  ordered?: boolean | undefined;
  /** The handler gets several events at once: a `BatchHandler`. `concurrency` then counts batches. Default: one event. */
  batch?: UserBatch | undefined;
  /** Wait for the server to confirm each ack. Default: false. */
  confirmAcks?: boolean | undefined;
  /** Numbers of `event.data` that JavaScript would round. Default: `numbers` of the pipeline. */
  numbers?: Numbers | undefined;
}

/** A consumer whose worker is another program, which the pipeline does not run. */
export interface UserExternalConsumer<E extends string = string> extends UserReader<E> {
  /** Marks a consumer that another program runs. */
  external: true;
  /** How many times the server delivers an event before it gives up (`max_deliver`). Default: 3. */
  attempts?: number | undefined;
  /** The server delivers an event again after this long without an answer; or use `backoff`. Default: `30s`. */
  ackWait?: string | undefined;
  /** How long the server waits after each delivery; or `ackWait`. Default: none. */
  backoff?: string[] | undefined;
}

/** How the consumers that route exhausted events work. */
export interface UserMeta extends UserStage {
  /** Most records that one process routes at once. Default: 256. */
  concurrency?: number | undefined;
  /** The server delivers a record again after this long without a sign of life. Default: `30s`. */
  ackWait?: string | undefined;
}
