import type { Stage, Tier } from '../domain/key.js';
import type { EventCounts } from './count-events.js';
import type { Durations } from '../domain/duration-counts.js';

/** Since when something is so. */
export interface Since {
  /** RFC 3339, by the clock of the machine. */
  readonly since: string;
  /** Milliseconds, whatever happened to that clock meanwhile. */
  readonly forMs: number;
}

/** Something that is waited for. */
export interface Waiting extends Since {
  /** For people. */
  readonly why: string;
}

/** What a running pipeline is doing in this process, as plain data. Taken without asking the server anything. */
export interface PipelineSnapshot {
  /** The `name` of its config. */
  readonly pipeline: string;
  /** `<host>:<pid>:<random>`, as the journal names this process. */
  readonly worker: string;
  /** When it was taken, RFC 3339. */
  readonly at: string;
  /** When `runPipeline` was called, RFC 3339. */
  readonly startedAt: string;
  /** How long it has been running, ms. */
  readonly uptimeMs: number;
  /** `failed`: `ended` has rejected, and `stop` has not been called yet. `stopping` until `stop` is done. */
  readonly state: 'running' | 'failed' | 'stopping' | 'stopped';
  /** The connection to the server. */
  readonly connection: ConnectionSnapshot;
  /** What the server does not take now; while it lasts, that tier pulls and acknowledges nothing. */
  readonly holding: readonly Holding[];
  /** Handlers of all stages. */
  readonly handlers: HandlersSnapshot;
  /** Advisories about external consumers that were heard and are not in the journal yet. */
  readonly advisoriesWaiting: number;
  /** Three for each consumer that runs here (one for an external consumer), and three of the routing. */
  readonly stages: readonly StageSnapshot[];
  /** How many events of each type there were since the start, of both tiers together. */
  readonly events: EventCounts;
}

/** `since`: connected or disconnected since then. */
export interface ConnectionSnapshot extends Since {
  /** False while the connection is lost. */
  readonly connected: boolean;
  /** The server's address; the last one's while disconnected. */
  readonly server: string;
  /** Version of that server, e.g. `2.15.1`. */
  readonly serverVersion: string;
  /** How often the connection was lost and came back. */
  readonly reconnects: number;
}

/** Something that the server does not take. `since`: when it first refused. */
export interface Holding extends Since {
  /** `business`: handlers and dead letters; `meta`: routing. Each holds on by itself. */
  readonly tier: Tier;
  /** What can't be done, such as `write the journal`. */
  readonly what: string;
  /** The last answer of the server. */
  readonly error: string;
  /** How many messages wait for it. */
  readonly messages: number;
}

/** Of all consumers of this process together. */
export interface HandlersSnapshot {
  /** Those that run, and those whose result is being stored. */
  readonly running: number;
  /** One runs alone, since its event may have ended a process before. */
  readonly alone: boolean;
  /** How many wait, for the one that runs alone or to run alone. */
  readonly waiting: number;
}

/** One stage of one consumer. */
export interface StageSnapshot {
  /** Whether it runs handlers or routes. */
  readonly tier: Tier;
  /** The pipeline's consumer; `meta-consumer` for routing. */
  readonly consumer: string;
  /** `dlq`: alerts about dead letters. */
  readonly stage: Stage;
  /** The stream that it reads. */
  readonly stream: string;
  /** The name of its consumer on the server. */
  readonly durable: string;
  /** Most attempts at once. */
  readonly concurrency: number;
  /** Most messages in hand, those that wait for a place included. */
  readonly capacity: number;
  /** Messages that were delivered to this process and are not settled. */
  readonly inHand: number;
  /** Of these, how many wait for one of the `concurrency` places. */
  readonly waitingForPlace: number;
  /** Handlers that run now, the oldest first. Empty for routing and for alerts. */
  readonly running: readonly RunningHandler[];
  /** Handlers whose attempt has timed out and that have not ended, the oldest first. */
  readonly zombies: readonly RunningHandler[];
  /** Since the start. */
  readonly counts: StageCounts;
  /** How long its attempts took; null: that is not counted, see `RunSettings`. */
  readonly durations: Durations | null;
  /** When an attempt last succeeded, RFC 3339; null: none has yet. */
  readonly lastSucceededAt: string | null;
  /** When an attempt last failed, RFC 3339; null: none has yet. */
  readonly lastFailedAt: string | null;
  /** The server does not answer when it is asked for messages, or says that there is no such consumer. */
  readonly unanswered: Waiting | null;
  /** The server answers and delivers nothing: the consumer is paused, for one. Looked at every 30 seconds. */
  readonly standstill: Waiting | null;
}

/** `since`: when its attempt began. */
export interface RunningHandler extends Since {
  /** `<consumer>/<sequence>`, as commands take it. */
  readonly id: string;
  /** `<stream>/<sequence>` of the event. */
  readonly origin: string;
  /** Subject of the event. */
  readonly subject: string;
  /** From 1, in this stage. */
  readonly attempt: number;
  /** How many times the event was replayed for this consumer. */
  readonly cycle: number;
}

/** An attempt counts once what became of it is stored. Of alerts: delivered, or to be repeated. */
export interface StageCounts {
  /** Messages that came, redeliveries included. */
  readonly delivered: number;
  /** Attempts that succeeded. */
  readonly succeeded: number;
  /** Attempts that failed; a later one may help. */
  readonly failed: number;
  /** Attempts that failed, and no other could help: rejected, an invalid event, an original that is gone. */
  readonly rejected: number;
  /** Attempts that asked for a later time. */
  readonly snoozed: number;
  /** Events that this stage gave up on. */
  readonly exhausted: number;
  /** Messages whose event had ended before. */
  readonly doneAlready: number;
  /** Messages that came before they were due and were given back. */
  readonly notDue: number;
  /** All attempts together, milliseconds. */
  readonly attemptMs: number;
}
