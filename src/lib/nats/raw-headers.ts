import type { Msg } from '@nats-io/transport-node';

/** What the client's messages tell besides. */
interface Sized {
  /** Bytes of subject, reply subject, headers and payload. */
  size?(): number;
}

const firstLine = 'NATS/1.0';

/**
 * The headers of a message as they came over the wire, empty when there are none: to decode them takes the client
 * longer than all else that is done with a message. They stand before the payload, in the same bytes. Undefined: they
 * don't, so they must be asked for.
 */
export function rawHeaders(msg: Msg & Sized): string | undefined {
  const { subject, reply = '', data } = msg;
  const size = msg.size?.();
  if (size === undefined) return undefined;
  const length = size - Buffer.byteLength(subject) - Buffer.byteLength(reply) - data.length;
  if (length === 0) return '';
  const start = data.byteOffset - length;
  if (length < 0 || start < 0) return undefined;
  const text = Buffer.from(data.buffer, start, length).toString();
  return text.startsWith(firstLine) && text.endsWith('\r\n\r\n') ? text : undefined;
}

/** Gives `take` each header of raw ones, in their order. */
export function eachHeader(raw: string, take: (name: string, value: string) => void): void {
  for (let from = raw.indexOf('\r\n') + 2, end; from > 1; from = end + 2) {
    end = raw.indexOf('\r\n', from);
    if (end <= from) return;
    const colon = raw.indexOf(':', from);
    if (colon > from && colon < end) take(raw.slice(from, colon), raw.slice(colon + 1, end).trim());
  }
}

/** The first value of a header in raw ones, whatever the case of its name; an empty one is none. */
export function findHeader(raw: string, name: string): string | undefined {
  if (raw === '') return undefined;
  const line = `\r\n${name}:`;
  let at = raw.indexOf(line);
  if (at < 0) at = raw.toLowerCase().indexOf(line.toLowerCase());
  if (at < 0) return undefined;
  const from = at + line.length;
  return raw.slice(from, raw.indexOf('\r\n', from)).trim() || undefined;
}
