import { translateError } from '../errors.js';
import { InvalidArgumentError } from '@nats-io/transport-node';
import { msgIdHeader } from './message.js';

/** Header values by name; several of one name as an array. */
export type OutgoingHeaders = Readonly<Record<string, string | readonly string[]>>;

/** What a publish asks of the server. */
export interface PublishConditions {
  /** Store only if no message of this id was stored within the duplicate window. */
  readonly msgId?: string;
  /** Store only if the last message of this subject has this sequence; 0: there is none. */
  readonly expectLastSubjectSeq?: number;
  /** The stream that must take it; another one refuses. */
  readonly expectStream?: string;
}

export const expectLastSubjectSeqHeader = 'Nats-Expected-Last-Subject-Sequence';

/** Printable ASCII without space and colon. */
const namePattern = /^[!-9;-~]+$/;
const lineBreak = /[\r\n]/;

/**
 * Headers as they go over the wire; empty when there are none.
 *
 * Written here because the client's own `headers()` makes a map, arrays and a string for each message.
 *
 * @throws InvalidArgumentError for a name or a value that a header can't carry
 */
export function encodeHeaders(
  headers: OutgoingHeaders | undefined,
  conditions: PublishConditions = {},
): string {
  return encodeLines(headers === undefined ? '' : headerLines(headers), conditions);
}

/** The lines of headers, for `encodeLines`: made once where many messages have the same. Throws as `encodeHeaders`. */
export function headerLines(headers: OutgoingHeaders): string {
  let lines = '';
  for (const name of Object.keys(headers)) {
    if (!namePattern.test(name)) {
      throw InvalidArgumentError.format('header', `"${name}" is not a valid name`);
    }
    const value = headers[name];
    if (typeof value === 'string') lines += line(name, value);
    else for (const one of value ?? []) lines += line(name, one);
  }
  return lines;
}

/** Headers whose lines `headerLines` gave, and conditions, as they go over the wire. Throws as `encodeHeaders`. */
export function encodeLines(
  lines: string,
  { msgId, expectLastSubjectSeq, expectStream }: PublishConditions,
): string {
  let all = lines;
  if (msgId !== undefined) all += line(msgIdHeader, msgId);
  if (expectStream !== undefined) all += line('Nats-Expected-Stream', expectStream);
  if (expectLastSubjectSeq !== undefined) {
    all += `${expectLastSubjectSeqHeader}: ${expectLastSubjectSeq}\r\n`;
  }
  return all === '' ? '' : `NATS/1.0\r\n${all}\r\n`;
}

function line(name: string, value: string): string {
  if (lineBreak.test(value)) {
    throw InvalidArgumentError.format('header', 'values cannot contain \\r or \\n');
  }
  return `${name}: ${value.trim()}\r\n`;
}

/** As `encodeHeaders`; what can't be carried is an error of this publish. */
export function encodeFor(
  subject: string,
  headers: OutgoingHeaders | undefined,
  conditions: PublishConditions,
): string {
  try {
    return encodeHeaders(headers, conditions);
  } catch (error) {
    throw translateError(error, `publish to ${subject}`);
  }
}
