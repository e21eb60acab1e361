import type { MsgHdrs } from '@nats-io/transport-node';
import type { Nanos } from '../domain/time.js';

/** Header names as the publisher wrote them, each with all its values. */
export type MessageHeaders = Readonly<Record<string, readonly string[]>>;

/** A message as it stands in a stream. */
export interface StoredMessage {
  readonly stream: string;
  readonly subject: string;
  readonly seq: number;
  readonly time: Nanos;
  readonly data: Uint8Array;
  readonly headers: MessageHeaders;
}

export const msgIdHeader = 'Nats-Msg-Id';

export function headersOf(from: MsgHdrs | undefined): MessageHeaders {
  const out: Record<string, string[]> = {};
  if (from) for (const name of from.keys()) out[name] = from.values(name);
  return out;
}

/** The first value of a header, whatever the case of its name. */
export function headerOf(headers: MessageHeaders, name: string): string | undefined {
  const exact = headers[name]?.[0];
  if (exact !== undefined) return exact;
  const lower = name.toLowerCase();
  for (const key in headers) if (key.toLowerCase() === lower) return headers[key]?.[0];
  return undefined;
}
