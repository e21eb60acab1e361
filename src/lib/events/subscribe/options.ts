import { anyOf, type Checks, requireOptions } from '../../domain/options.js';
import {
  refuseCount,
  refuseNoFlag,
  refuseNoFunction,
  refuseNoText,
  refuseTexts,
  unexpected,
  waitOf,
} from '../../domain/given.js';
import type { ReadingSpan } from '../read/read-options.js';
import { escapeLine } from '../../domain/escape.js';
import { isTime } from '../../domain/decode.js';
import { type PlutomiError, UsageError } from '../../errors.js';
import type { JoinedGroup } from '../read/read-options.js';
import type { ReceivedEvent } from './received-event.js';

/** Where a subscription begins: as `start` of a consumer in the config. */
export type SubscriptionStart =
  | 'all'
  | 'new'
  | 'last-per-subject'
  | {
      /** From this time on, ISO. */
      readonly time: string;
    }
  | {
      /** From this sequence of the events stream on. */
      readonly seq: number;
    };

/** What a program subscribes to, and how. */
export interface SubscribeOptions {
  /**
   * Called with each event. What it throws gives the event back, later each time; `Snooze` says when, and `Reject` that it
   * shall not come again.
   */
  readonly handler: (event: ReceivedEvent) => unknown;
  /** Event types of the config, or subjects, with `*` for a token and `>` at the end. Default: all. */
  readonly subjects?: readonly string[];
  /**
   * Share the events with all that name the same group, over restarts: a durable consumer, which the first one makes, and
   * which stays. Default: a consumer of its own that gets all, and is gone with the subscription.
   */
  readonly group?: string;
  /**
   * Acknowledge each event once the handler has resolved. False: the handler says `ack`, `nak` or `term`; what it has
   * said nothing about within `ackWaitMs` comes again. Default: true.
   */
  readonly autoAck?: boolean;
  /** Most handlers that run at once. Default: 1, in the order of the stream. */
  readonly concurrency?: number;
  /** Most events that are held here, those included that were handled and nothing was said about. Default: 64, and at least twice `concurrency`. */
  readonly buffer?: number;
  /** Where it begins; means nothing to a group that is there already. Default: new events. */
  readonly start?: SubscriptionStart;
  /** An event comes again when nothing of its process was heard for so long, ms; means nothing to a group that is there already. Default: 30,000. */
  readonly ackWaitMs?: number;
  /** Called with what the handler throws, before the event is given back. Default: nobody is told. */
  readonly onError?: (error: unknown, event: ReceivedEvent) => void;
}

const subscribeChecks = {
  handler: (name, given) => {
    if (typeof given !== 'function') throw unexpected(name, 'a function', given);
  },
  subjects: refuseTexts,
  group: refuseNoText,
  autoAck: refuseNoFlag,
  concurrency: refuseCount,
  buffer: refuseCount,
  start: anyOf('all, new, last-per-subject, {time} or {seq}', 'string', 'object'),
  ackWaitMs: refuseCount,
  onError: refuseNoFunction,
} as const satisfies Checks<SubscribeOptions>;

/** A running subscription. */
export interface Subscription extends AsyncDisposable {
  /** The group that it has joined; undefined: it is on its own. */
  readonly group: JoinedGroup | undefined;
  /** Resolves when it has ended: with the reason, unless `close` has ended it. */
  readonly closed: Promise<PlutomiError | undefined>;
  /**
   * Takes nothing more, gives back what has not begun, and lets running handlers finish, for `drainMs` (25 s); what is not
   * settled then comes again. Safe to call twice.
   */
  close(drainMs?: number): Promise<void>;
}

/** The same, checked. */
export interface SubscriptionSettings {
  readonly autoAck: boolean;
  readonly concurrency: number;
  readonly buffer: number;
  readonly ackWaitMs: number;
  readonly start: ReadingSpan['start'];
}

const defaultBuffer = 64;
const defaultAckWaitMs = 30_000;

/** Throws UsageError for what can't be meant. */
export function subscriptionSettings(options: SubscribeOptions): SubscriptionSettings {
  requireOptions(subscribeChecks, options, ['handler']);
  const { autoAck = true, concurrency = 1, ackWaitMs = defaultAckWaitMs } = options;
  const buffer = options.buffer ?? Math.max(defaultBuffer, 2 * concurrency);
  waitOf('ackWaitMs', ackWaitMs, 1);
  return { autoAck, concurrency, buffer, ackWaitMs, start: startOf(options.start ?? 'new') };
}

function startOf(start: SubscriptionStart): ReadingSpan['start'] {
  if (start === 'all' || start === 'new' || start === 'last-per-subject') return { at: start };
  if (typeof start === 'object' && 'time' in start && isTime(start.time)) {
    return { at: 'time', timeMs: Date.parse(start.time) };
  }
  if (typeof start === 'object' && 'seq' in start && Number.isSafeInteger(start.seq) && start.seq > 0) {
    return { at: 'seq', seq: start.seq };
  }
  throw new UsageError(
    `start: expected all, new, last-per-subject, {time} or {seq}, found ${escapeLine(JSON.stringify(start) ?? 'nothing')}`,
  );
}
