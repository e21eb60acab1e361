import type { Msg } from '@nats-io/transport-node';

/**
 * What the client keeps of a message, undecoded. It is not part of its public interface: where it is not there, the
 * client is asked.
 */
interface Raw {
  readonly _msg?: {
    readonly subject: Uint8Array;
    /** Bytes of the headers; below 0: none. */
    readonly hdr: number;
  };
  /** The headers, and the payload behind them. */
  readonly _rdata?: Uint8Array;
}

const firstLine = 'NATS/1.0';

/**
 * The headers of a message as they came over the wire, empty when there are none: to decode them takes the client
 * longer than all else that is done with a message. Undefined: they must be asked for.
 */
export function rawHeaders(msg: Msg): string | undefined {
  const { _msg: parts, _rdata: bytes } = msg as Raw;
  if (parts === undefined) return undefined;
  if (parts.hdr <= 0) return '';
  if (bytes === undefined || bytes.length < parts.hdr) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, parts.hdr).toString();
  return text.startsWith(firstLine) && text.endsWith('\r\n\r\n') ? text : undefined;
}

const lineFeed = 0x0a;

/**
 * May a message have headers whose names begin with `Nats-Ma` or `Nats-Sc`? Looks at single bytes only: to make a
 * string of the headers, or to search in them, takes longer than all else that is done with a healthy message.
 */
export function mayHaveServerNote(msg: Msg): boolean {
  const { _msg: parts, _rdata: bytes } = msg as Raw;
  if (parts === undefined || bytes === undefined) return msg.headers !== undefined;
  for (let at = bytes.indexOf(lineFeed); at >= 0 && at < parts.hdr; at = bytes.indexOf(lineFeed, at + 1)) {
    const first = bytes[at + 6];
    const second = bytes[at + 7];
    // "Ma", "Sc".
    if ((first === 0x4d && second === 0x61) || (first === 0x53 && second === 0x63)) return true;
  }
  return false;
}

const zero = 0x30;

/** The number that a message's subject has behind its first `length` bytes; NaN: it is none. */
export function numberInSubject(msg: Msg, length: number): number {
  const { _msg: parts } = msg as Raw;
  const bytes = parts?.subject ?? Buffer.from(msg.subject);
  let number = bytes.length > length ? 0 : Number.NaN;
  for (let i = length; i < bytes.length; i++) {
    const digit = (bytes[i] as number) - zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
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
