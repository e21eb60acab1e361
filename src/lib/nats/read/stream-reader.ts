import type { StreamInfo } from '@nats-io/jetstream';
import type { Clock } from '../../flow/clock.js';
import type { StoredMessage } from '../wire/message.js';
import type { DirectEnd } from '../wire/stored-message.js';

/** What is asked of a connection to read many messages by few questions. */
export interface StreamReader {
  readonly clock: Clock;
  /** Version of the server that this connection is on, e.g. `2.15.1`. */
  readonly serverVersion: string;
  /** Largest message that the server takes, headers included, in bytes. */
  readonly maxPayload: number;

  /** The message at a sequence, from any replica: fast, may be stale. Undefined: not there. */
  readDirect(stream: string, seq: number): Promise<StoredMessage | undefined>;

  /**
   * Gives `take` up to `count` messages from this sequence on, and as many bytes, from any replica. nats-server 2.11
   * or newer.
   */
  readDirectFrom(
    stream: string,
    seq: number,
    count: number,
    maxBytes: number,
    take: (message: StoredMessage) => void,
  ): Promise<void>;

  /** The last message of a subject, from the stream's leader. Undefined: there is none. */
  readLast(stream: string, subject: string): Promise<StoredMessage | undefined>;

  /**
   * Gives `take` the last message of each of these subjects, at most 1,024, from any replica. `status` 204: these
   * were all that it has, up to `upToSeq`; 404: it has none. nats-server 2.11 or newer.
   */
  readLastDirect(
    stream: string,
    subjects: readonly string[],
    take: (message: StoredMessage) => void,
  ): Promise<DirectEnd>;

  /** A stream's config and state; undefined: there is no such stream. */
  streamInfo(stream: string): Promise<StreamInfo | undefined>;
}
