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
  readonly kind: RecordKind;
  /** `meta`: about the routing of this event. */
  readonly tier: Tier;
  readonly stage: Stage;
  readonly cycle: number;
  readonly attempt: number | null;
  /** What it says, in words. */
  readonly text: string;
  /** The process that wrote it. */
  readonly worker: string | null;
  /** Who replayed, discarded or repaired, as `user@host`. */
  readonly operator: string | null;
  readonly note: string | null;
  readonly task: string | null;
  /** ROUTED to the retry stage, while it waits there: when it is due, ISO. */
  readonly dueAt: string | null;
}

export interface ConsumerStory {
  readonly consumer: string;
  readonly state: ConsumerState;
  /** Why nobody can know more, or why nothing goes on. */
  readonly note: string | null;
  /** Each step behind what led to it. */
  readonly history: readonly Step[];
}

/** What is still to come. */
export interface NextStep {
  /** Null: about the event itself. */
  readonly consumer: string | null;
  /** ISO; null: nobody can say when. */
  readonly at: string | null;
  readonly text: string;
  /** What somebody can do about it. */
  readonly suggestions?: readonly Suggestion[];
}

/** What was read to find an event by its message id. */
export interface Scanned {
  readonly events: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export interface EventFacts {
  readonly stream: string;
  readonly seq: number;
  readonly subject: string;
  /** `Nats-Msg-Id`, where the publisher set one. */
  readonly id: string | null;
  /** When it was stored, ISO. */
  readonly time: string;
}

export interface StoredEventFacts extends EventFacts {
  /** How many header fields it has. */
  readonly headers: number;
  readonly bytes: number;
  /** When it leaves the stream by age, ISO; null: never. */
  readonly expiresAt: string | null;
  /** Only where it was asked for. */
  readonly content?: Pick<ShownEvent, 'headers' | 'data' | 'text' | 'encoding'>;
}

/** What `events explain --json` prints. */
export interface Explanation {
  /** Null: it is not in its stream any more. */
  readonly event: StoredEventFacts | null;
  /** The same of an event that is gone, as its records name it. */
  readonly origin: EventFacts;
  readonly original: Original['state'];
  readonly consumers: readonly ConsumerStory[];
  readonly next: readonly NextStep[];
  /** Null: it was named by its sequence. */
  readonly scanned: Scanned | null;
}
