import type { StreamRole } from '../../config/resolved.js';
import type { Standstill } from '../../nats/standstill.js';
import type { Topology } from '../desired.js';
import type { Actual, Change } from '../diff/diff.js';
import type { OtherCommand, OwnCommand } from '../../suggestion.js';

/** Facts of a change that are a number of messages. */
export type CountedFact =
  /** Messages that go with their stream. */
  | 'lost'
  /** Pointers whose event goes with the events stream. */
  | 'original-lost'
  /** Messages that a lowered limit removes at once. */
  | 'expired'
  /** Those of them that a consumer has not processed. */
  | 'unprocessed'
  /** Delivered and not acked. */
  | 'in-flight'
  | 'undelivered'
  /** Stored messages that a consumer gets once it is created, again or for the first time. */
  | 'delivered-after'
  /** Pointers of a consumer that stay as they are. */
  | 'kept'
  /** Messages of an added subject that lie before the consumer's position. */
  | 'skipped'
  /** Messages of a removed subject that were not delivered. */
  | 'left-behind'
  /** Messages in backoff that a new `ack_wait` brings back at another time. */
  | 'shifted'
  /** Messages in flight that may have been delivered as often as the server now delivers at most. */
  | 'over-limit'
  /** Pointers in the retry stage of a consumer that is external now. */
  | 'stranded'
  /** What waits in something that the config no longer has. */
  | 'abandoned';

/** What a change means for what is stored and on its way. */
export type Consequence =
  | {
      /** What happens to these messages. */
      readonly what: CountedFact;
      /** The stream that the messages are in. */
      readonly role: StreamRole;
      /** Null: the server did not let us count. */
      readonly count: number | null;
      /** The subject that it is about, where it is about one. */
      readonly subject?: string;
      /** The consumer that it is about, where it is not the one that changes. */
      readonly consumer?: string;
      /** It was not counted one by one. */
      readonly about?: boolean;
      /** It may be fewer: replicas keep the position only roughly. */
      readonly atMost?: boolean;
    }
  | {
      /** The server deletes this much at once. */
      readonly what: 'bytes-removed';
      /** At least this many bytes. */
      readonly bytes: number;
    }
  /** What the server gave up before is delivered no more, although it would now never give up. */
  | {
      /** The code of this fact. */
      readonly what: 'given-up-stays';
    }
  | {
      /** The consumer starts again, wherever `start` says. */
      readonly what: 'position-lost';
      /** Sequence up to which all was acknowledged. */
      readonly ackedTo: number;
      /** Last sequence that was delivered. */
      readonly deliveredTo: number;
    }
  /** The server delivers nothing of it, whatever is changed. `command` ends that; null: no single one does. */
  | {
      /** The code of this fact. */
      readonly what: 'silent';
      /** Why nothing is delivered. */
      readonly because: Standstill;
      /** What makes the server deliver again. */
      readonly command: OwnCommand | OtherCommand | null;
    }
  /** Consumers that the config does not have, on a stream that is deleted. */
  | {
      /** The code of this fact. */
      readonly what: 'consumers-lost';
      /** Their names on the server. */
      readonly names: readonly string[];
    };

/** A change, and what it means. */
export interface Consequential extends Change {
  /** Empty: the change loses and repeats nothing. */
  readonly consequences: readonly Consequence[];
  /** Of an orphan: it was decided before to leave it alone. */
  readonly left?: boolean;
}

/** What consequences are read from. */
export interface Circumstances {
  readonly desired: Topology;
  readonly actual: Actual;
}

/** What a lowered limit does, and what is stranded. Whoever wants it says its name. */
const losses: readonly Consequence['what'][] = [
  'expired',
  'bytes-removed',
  'unprocessed',
  'original-lost',
  'stranded',
];

const risks: readonly Consequence['what'][] = [...losses, 'over-limit'];

/** Does this end or strand something, though nothing is deleted and created again? It must be named then. */
export function losesSomething({ action, left, consequences }: Consequential): boolean {
  if (action === 'orphan') return left !== true && consequences.length > 0;
  return action === 'update' && consequences.some(isLoss);
}

function isLoss(consequence: Consequence): boolean {
  // Whose filter no longer reads what waits for it never gets it: as if the consumer were gone.
  if (consequence.what === 'left-behind') return consequence.count !== 0;
  return losses.includes(consequence.what);
}

/** Must an operator see the numbers before this is done? */
export function isRisky(change: Consequential): boolean {
  const { consequences } = change;
  return (
    losesSomething(change) ||
    change.action === 'replace' ||
    (change.action === 'update' && change.fields.some(({ path }) => path === 'filter_subjects')) ||
    (change.action !== 'orphan' && consequences.some(({ what }) => risks.includes(what)))
  );
}
