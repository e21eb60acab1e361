import type { MsgHdrs } from '@nats-io/transport-node';
import { type Origin, originOf } from '../../domain/key.js';
import type { Nanos } from '../../domain/time.js';
import { serverNoteOf } from '../server-note.js';

/** Header names as the publisher wrote them, each with all its values. */
export type MessageHeaders = Readonly<Record<string, readonly string[]>>;

/** A message as it stands in a stream. */
export interface StoredMessage {
  /** Name of the stream. */
  readonly stream: string;
  /** The subject that it was published to. */
  readonly subject: string;
  /** Its sequence in the stream. */
  readonly seq: number;
  /** When the stream stored it, in nanoseconds since 1970, as text. */
  readonly time: Nanos;
  /** Its payload. */
  readonly data: Uint8Array;
  /** Empty: it has none. */
  readonly headers: MessageHeaders;
}

export const msgIdHeader = 'Nats-Msg-Id';

export function headersOf(from: MsgHdrs | undefined): MessageHeaders {
  // fromEntries, not assignment: a header may be named __proto__.
  return from ? Object.fromEntries(from.keys().map((name) => [name, from.values(name)])) : {};
}

/** Headers that are not shared with other messages, values included. */
export function copyOfHeaders(headers: MessageHeaders): MessageHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, [...values]]));
}

/** A message whose bytes and headers are not shared. */
export function copyOf(message: StoredMessage): StoredMessage {
  return { ...message, data: new Uint8Array(message.data), headers: copyOfHeaders(message.headers) };
}

/** The first value of a header, whatever the case of its name; an empty one is none. As `Delivery.header`. */
export function headerOf(headers: MessageHeaders, name: string): string | undefined {
  if (Object.hasOwn(headers, name)) return headers[name]?.[0] || undefined;
  const lower = name.toLowerCase();
  const key = Object.keys(headers).find((key) => key.toLowerCase() === lower);
  return key === undefined ? undefined : headers[key]?.[0] || undefined;
}

/** See `serverNoteOf`. The server knows these headers by their exact names only, and so there is no other look at them. */
export function serverNoteIn({ headers }: StoredMessage): string | undefined {
  return serverNoteOf((name) => (Object.hasOwn(headers, name) ? headers[name]?.[0] : undefined));
}

/** Which event a message is. */
export function storedOrigin(message: StoredMessage): Origin {
  return originOf({ ...message, msgId: headerOf(message.headers, msgIdHeader) });
}
