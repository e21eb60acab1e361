import type { NativeAdvisory } from '../domain/advisory.js';
import type { Failure, FailureKind } from '../domain/failure.js';
import type { Key } from '../domain/key.js';
import type { Suggestion } from '../suggestion.js';
import type { AlertEvents } from './alert-events.js';

/** A message of the server: of which stream, for which of its consumers. */
interface Delivered {
  /** The stream that the message is in. */
  readonly stream: string;
  /** The consumer's name on the server. */
  readonly consumer: string;
  /** Sequence in the stream. */
  readonly seq: number;
}

/** A consumer on the server. */
interface ConsumerPlace {
  /** The stream that it reads. */
  readonly stream: string;
  /** Its name on the server. */
  readonly consumer: string;
}

/**
 * Everything that a running pipeline reports about its work, by type. Times with `Ms` at their end are
 * milliseconds; `key` is the event, the consumer and the stage that it is about; attempts start at 1 in each stage.
 */
export interface WaterfallEvents extends AlertEvents {
  /** An attempt succeeded, and what had to be stored about that is stored. */
  readonly succeeded: {
    /** What succeeded. */
    readonly key: Key;
    /** From 1, in this stage. */
    readonly attempt: number;
    /** How long the handler ran, ms. */
    readonly durationMs: number;
    /** Its lease had lapsed when it ended: the server may have delivered it to another process as well. */
    readonly late: boolean;
  };
  /** An attempt failed, and its record is stored. After the last attempt `exhausted` follows. */
  readonly 'attempt-failed': {
    /** What failed. */
    readonly key: Key;
    /** From 1, in this stage. */
    readonly attempt: number;
    /** How many attempts this stage has. */
    readonly limit: number;
    /** Why. */
    readonly failure: Failure;
    /** When the next one comes; undefined: that was the last. */
    readonly retryInMs?: number;
  };
  /** A handler asked for a later time. No attempt is used up. */
  readonly snoozed: {
    /** What was snoozed. */
    readonly key: Key;
    /** The attempt that is made again. */
    readonly attempt: number;
    /** How long it asked for, ms. */
    readonly delayMs: number;
  };
  /** A stage has given up on an event: its record is stored, and routing takes it from there. */
  readonly exhausted: {
    /** What the stage gave up on. */
    readonly key: Key;
    /** Attempts that this stage made. */
    readonly attempts: number;
    /** The last failure. */
    readonly failure: Failure;
    /** `MAX_DELIVERIES`: all attempts are used up; `MSG_TERMINATED`: no retry could help. */
    readonly kind: string;
  };
  /** A message came although its event had ended here before: it was acknowledged, and no handler ran. */
  readonly 'done-already': {
    /** What had ended before. */
    readonly key: Key;
    /** The kind of the record that says that it had ended. */
    readonly by: string;
  };
  /** Its lease ended while it waited for its turn: no handler ran, and the server delivers it again. */
  readonly 'lease-lapsed': {
    /** What comes again. */
    readonly key: Key;
  };
  /** An exhausted event now waits in the retry stream, or is in the DLQ. */
  readonly routed: {
    /** The stage that gave up on the event. */
    readonly key: Key;
    /** The stage that has it now. */
    readonly to: 'retry' | 'dlq';
    /** When its retry is due, ms since 1970; 0: at once. */
    readonly notBeforeMs: number;
  };
  /** An exhaustion led nowhere, because its event had moved on before. */
  readonly 'not-routed': {
    /** The stage that gave up on the event. */
    readonly key: Key;
    /** Why, in words. */
    readonly because: string;
  };
  /** The server gave up a message of a consumer that is not part of this pipeline. */
  readonly 'ignored-advisory': Delivered & {
    /** `MAX_DELIVERIES` or `MSG_TERMINATED`. */
    readonly kind: string;
  };
  /** The server gave up on a message that it should keep: its consumer was changed, or the message terminated, by hand. */
  readonly 'server-gave-up': {
    /** What the server says. */
    readonly advisory: NativeAdvisory;
    /** A pointer of the retry stage that is not there any more. */
    readonly gone?: boolean;
  };
  /** What was published as an advisory of the server can not be one. */
  readonly 'refused-advisory': {
    /** The subject that it was published to. */
    readonly subject: string;
    /** Why it can't be true, in words. */
    readonly because: string;
  };
  /** More advisories came than can be remembered; only the journal stream has those that come from now on. */
  readonly 'advisories-dropped': {
    /** How many wait to be copied. */
    readonly waiting: number;
  };
  /** The server refuses the copy of an advisory, and waiting would not help; the journal stream has it too. */
  readonly 'advisory-not-copied': {
    /** The subject of the advisory. */
    readonly subject: string;
    /** The server's answer. */
    readonly error: string;
  };
  /** The server does not let this user hear the advisories of an external consumer. */
  readonly 'not-listening': {
    /** The subject that may not be subscribed to. */
    readonly subject: string;
    /** The server's answer. */
    readonly error: string;
  };
  /** The server removed an event before its external consumer had acknowledged it. */
  readonly 'event-lost': Delivered & {
    /** The server's own words. */
    readonly reason: string;
  };
  /** An event is in the DLQ. Once for each process that is asked to alert about it again. */
  readonly 'dead-letter': {
    /** `<consumer>/<sequence>`, as commands take it. */
    readonly id: string;
    /** The consumer that gave up on it. */
    readonly consumer: string;
    /** How often it was replayed before. */
    readonly cycle: number;
    /** What kind of failure the last one was: `error`, `timeout`, `rejected` and others. */
    readonly kind: FailureKind;
    /** The last failure, on one line of at most 256 bytes. */
    readonly reason: string;
    /** An id of its group, as `dlq groups` has it. */
    readonly group: string;
    /** Its group is new, or died again after all of its dead letters had left: one of several processes says it. */
    readonly news?: 'new' | 'back';
  };
  /** Nothing is kept about the groups of dead letters: whether one is new can't be told. Once, until it works again. */
  readonly 'groups-not-told': {
    /** The server's answer. */
    readonly error: string;
  };
  /** The alert handler or the webhook failed; it is called again. */
  readonly 'alert-failed': {
    /** `<consumer>/<sequence>` of the dead letter. */
    readonly id: string;
    /** What the handler threw, or the webhook answered. */
    readonly error: string;
    /** When it is called again, ms from now. */
    readonly retryInMs: number;
  };
  /** The server does not take a record or does not answer. Until it does, nothing is pulled or acknowledged. */
  readonly holding: {
    /** What can't be done, such as `write the journal`. */
    readonly what: string;
    /** The server's answer, or that there was none. */
    readonly error: string;
  };
  /** The server refuses it, and waiting would not help: the message comes back later, and nothing waits for it. */
  readonly refused: Delivered & {
    /** What could not be done, such as `write the journal`. */
    readonly what: string;
    /** The server's answer. */
    readonly error: string;
    /** What to do, one step each. */
    readonly suggestions: readonly Suggestion[];
  };
  /** The server takes again what it did not take. */
  readonly 'holding-ended': {
    /** What works again, as in `holding`. */
    readonly what: string;
    /** How long it did not, ms. */
    readonly heldMs: number;
  };
  /** The server says that there is no such consumer now, or nothing answers for it. Once, until a message comes. */
  readonly 'waiting-for-consumer': ConsumerPlace & {
    /** The server's answer, or that there was none. */
    readonly why: string;
  };
  /** The server delivers nothing of a consumer, whatever waits. Repeated now and then while it lasts. */
  readonly standstill: ConsumerPlace & {
    /** The reason, in words: `paused until …`. */
    readonly why: string;
  };
  /** It delivers from that consumer again. */
  readonly 'standstill-over': ConsumerPlace;
  /** `event.data` has rounded a number. Once for each event type. */
  readonly 'numbers-rounded': {
    /** The event type. */
    readonly eventType: string;
    /** The stream of the first such event. */
    readonly stream: string;
    /** Its sequence there. */
    readonly seq: number;
  };
  /** Originals of dead letters and waiting retries were copied before they aged out. */
  readonly 'originals-kept': {
    /** How many, since the last look. */
    readonly count: number;
    /** The stream that has them. */
    readonly stream: string;
  };
  /** An original is about to age out and can't be kept. Once for each. */
  readonly 'original-not-kept': {
    /** `<consumer>/<sequence>`, as commands take it. */
    readonly id: string;
    /** The server's answer. */
    readonly error: string;
  };
  /** Originals can't be looked for or kept now; it is tried again. Once, until it works or something else is wrong. */
  readonly 'rescue-failed': {
    /** The server's answer. */
    readonly error: string;
    /** What to do, one step each. */
    readonly suggestions: readonly Suggestion[];
  };
  /** A message that is not an event, but what the server keeps in a stream for itself: it was acknowledged. */
  readonly skipped: Delivered & {
    /** The subject of the message. */
    readonly subject: string;
    /** What it is, in words. */
    readonly what: string;
  };
  /** A handler ended after its attempt had timed out. Its result does not count. */
  readonly 'late-settlement': {
    /** What the handler worked on. */
    readonly key: Key;
    /** The attempt that had timed out. */
    readonly attempt: number;
  };
}

/** The names of the events. */
export type WaterfallEventType = keyof WaterfallEvents;

/** An event of one type, or of several. */
export type WaterfallEventOf<T extends WaterfallEventType> = {
  [K in T]: { readonly type: K } & WaterfallEvents[K];
}[T];

/** Everything that a running pipeline says about its work. The log is one subscriber. */
export type WaterfallEvent = WaterfallEventOf<WaterfallEventType>;

/** Called with events of some types. */
export interface ListenerOf<T extends WaterfallEventType> {
  /** Called with each event; must be quick, and may throw. */
  (event: WaterfallEventOf<T>): void;
  /**
   * False: it makes nothing of a success at the first attempt, which then is not made into an event for it. Asked each
   * time, so it must be cheap. Default: it wants them.
   */
  readonly wantsSuccess?: () => boolean;
}

/** Called with every event. */
export type WaterfallListener = ListenerOf<WaterfallEventType>;
