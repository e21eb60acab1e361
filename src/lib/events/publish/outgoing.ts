import { type Checks } from '../../domain/options.js';
import { refuseNoObject, refuseNoText } from '../../domain/given.js';
import type { EventHeaders } from './headers.js';

/** What goes with an event besides its data. */
export interface PublishEventOptions {
  /**
   * Names this event: a second one with the same id is not stored, as long as the duplicate window of the events
   * stream lasts. Default: a new UUID.
   */
  readonly id?: string;
  /** Names what this event belongs to, such as a session: the value of the config's `correlationHeader`. */
  readonly correlation?: string;
  /** Read, never changed. `Nats-…` and `Event-Type` are refused. */
  readonly headers?: EventHeaders;
  /**
   * Parts of the subject by name, where that of the type has some, like `{tenant}`. Default: a header of the name, else
   * the field of the data.
   */
  readonly params?: Readonly<Record<string, string>>;
}

/** Of `publish`; what they hold is looked at where it is used. */
export const publishChecks = {
  id: refuseNoText,
  correlation: refuseNoText,
  headers: refuseNoObject,
  params: refuseNoObject,
} as const satisfies Checks<PublishEventOptions>;

/** An event to publish: what `publish` takes, as one object. */
export interface OutgoingEvent extends PublishEventOptions {
  /** A type of the config, or a full subject within the events stream. */
  readonly type: string;
  /** Bytes and text are sent as they are, anything else as JSON. Default: an empty payload. */
  readonly data?: unknown;
}

/** Where an event was stored. */
export interface PublishResult {
  /** The stream that has the event. */
  readonly stream: string;
  /** Its sequence there; that of the first one for a duplicate. */
  readonly seq: number;
  /** An event with this id was stored before, and this one was not stored again. */
  readonly duplicate: boolean;
  /** The id that it went out with. */
  readonly msgId: string;
}
