import type { ShownEvent } from '../../dlq/show.js';
import type { Stage, Tier } from '../../domain/key.js';
import type { RecordKind } from '../../domain/record-kinds.js';
import type { Standing } from '../../domain/standing.js';
import type { Original } from '../../pointers/original.js';
import { type Suggestion } from '../../suggestion.js';

/** Where an event stands with a consumer; what each means stands at `Standing`. */
export type ConsumerState = Standing['is'];

/** One line of the journal about the event. */
export interface Step {
  /** When it happened to be stored: a replay is recorded after its pointer, and what that led to may be faster. */
  readonly journalSeq: number;
  /** ISO. */
  readonly at: string;
  /** What happened. */
  readonly kind: RecordKind;
  /** `meta`: about the routing of this event. */
  readonly tier: Tier;
  /** The stage that it happened in. */
  readonly stage: Stage;
  /** How many times the event had been replayed. */
  readonly cycle: number;
  /** From 1, in this stage; null: it is about no attempt. */
  readonly attempt: number | null;
  /** What it says, in words. */
  readonly text: string;
  /** The process that wrote it. */
  readonly worker: string | null;
  /** Who replayed, discarded or repaired, as `user@host`. */
  readonly operator: string | null;
  /** What the operator gave as the reason. */
  readonly note: string | null;
  /** The replay or discard that it belongs to. */
  readonly task: string | null;
  /** ROUTED to the retry stage, while it waits there: when it is due, ISO. */
  readonly dueAt: string | null;
}

/** What one consumer did with the event. */
export interface ConsumerStory {
  /** Its name in the config. */
  readonly consumer: string;
  /** How things stand now. */
  readonly state: ConsumerState;
  /** Why no more can be known, or why nothing is happening; null: nothing to add. */
  readonly note: string | null;
  /** Each step behind what led to it. */
  readonly history: readonly Step[];
}

/** What is still to come. */
export interface NextStep {
  /** Null: about the event itself. */
  readonly consumer: string | null;
  /** When, ISO; null: unknown. */
  readonly at: string | null;
  /** In words. */
  readonly text: string;
  /** What can be done about it. */
  readonly suggestions?: readonly Suggestion[];
}

/** What was read to find an event by its message id. */
export interface Scanned {
  /** How many events were read. */
  readonly events: number;
  /** Sequence of the oldest of them. */
  readonly firstSeq: number;
  /** Sequence of the newest of them. */
  readonly lastSeq: number;
}

/** Which event it is. */
export interface EventFacts {
  /** Name of its stream. */
  readonly stream: string;
  /** Its sequence there. */
  readonly seq: number;
  /** The subject that it was published to. */
  readonly subject: string;
  /** `Nats-Msg-Id`, where the publisher set one. */
  readonly id: string | null;
  /** When it was stored, ISO. */
  readonly time: string;
}

/** Headers and payload, as `dlq show` has them. */
export type EventContent = Pick<ShownEvent, 'headers' | 'data' | 'text' | 'encoding' | 'encryption'>;

/** An event that is in its stream. */
export interface StoredEventFacts extends EventFacts {
  /** How many header fields it has. */
  readonly headers: number;
  /** Size of the payload, in bytes. */
  readonly bytes: number;
  /** When it leaves the stream by age, ISO; null: never. */
  readonly expiresAt: string | null;
  /** Only where it was asked for. */
  readonly content?: EventContent;
}

/** What `events explain --json` prints. */
export interface Explanation {
  /** Null: it is not in its stream any more, and was not kept. */
  readonly event: StoredEventFacts | null;
  /** The same of an event that is gone, as its records name it. */
  readonly origin: EventFacts;
  /** Whether the event is still there, or another one has its place. */
  readonly original: Original['state'];
  /** Its stream does not have it any more: `event` is what was kept of it. */
  readonly kept: boolean;
  /** One for each consumer that reads it, or has records about it. */
  readonly consumers: readonly ConsumerStory[];
  /** What is still to come; empty when all is done. */
  readonly next: readonly NextStep[];
  /** Null: it was named by its sequence. */
  readonly scanned: Scanned | null;
}
