import { refuseNoObject } from '../../domain/given.js';
import { escapeLine } from '../../domain/escape.js';
import { encryptedHeader } from '../../encryption/sealed.js';
import { UsageError } from '../../errors.js';
import type { OutgoingHeaders } from '../../nats/wire/headers.js';
import { msgIdHeader } from '../../nats/wire/message.js';

/** Headers of an event to publish: names with one value or several. */
export type EventHeaders = OutgoingHeaders;

/** Names the event's type. */
export const eventTypeHeader = 'Event-Type';

/**
 * The headers of one message: the caller's, copied, and the event type.
 *
 * @throws UsageError `INVALID_HEADER`: a name that NATS can't carry or that is ours or the server's, or a value with
 *   a line feed
 */
export function makeHeaders(type: string, given?: EventHeaders): EventHeaders {
  if (given === undefined) return { [eventTypeHeader]: [type] };
  refuseNoObject('headers', given);
  const entries = Object.entries(given).map(([name, value]): [string, readonly string[]] => {
    checkName(name);
    const values: readonly string[] = Array.isArray(value) ? [...value] : [value];
    for (const one of values) checkValue(`header ${name}`, one);
    return [name, values];
  });
  return Object.fromEntries([...entries, [eventTypeHeader, [type]]]);
}

/** @throws UsageError `INVALID_HEADER` for an id that a header can't carry */
export function checkId(id: string): void {
  if (typeof id !== 'string' || id.trim() === '') {
    throw new UsageError('expected an id that is not empty', { code: 'INVALID_HEADER' });
  }
  checkValue('the id', id);
}

function checkName(name: string): void {
  const shown = escapeLine(name);
  if (!/^[!-9;-~]+$/.test(name)) {
    throw invalid(`expected a header name of printable ASCII without space and colon, found "${shown}"`);
  }
  if (name.toLowerCase() === msgIdHeader.toLowerCase()) {
    throw invalid(`header ${shown}: give the event an id instead`);
  }
  if (/^nats-/i.test(name)) throw invalid(`header ${shown}: names that start with Nats- are the server's`);
  if (name.toLowerCase() === encryptedHeader.toLowerCase()) {
    throw invalid(`header ${shown}: it marks what is encrypted, where the event's type says encrypt: true`);
  }
  if (name.toLowerCase() === eventTypeHeader.toLowerCase()) {
    throw invalid(`header ${shown}: it is set from the event's type`);
  }
}

function checkValue(what: string, value: unknown): void {
  if (typeof value !== 'string')
    throw invalid(
      `${what}: expected a string, found ${value === null ? 'null' : `${/^[ou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`}`,
    );
  if (/[\r\n\0]/.test(value)) {
    throw invalid(`${what}: expected one line of text, found a line feed or NUL in "${escapeLine(value)}"`);
  }
}

function invalid(message: string): UsageError {
  return new UsageError(message, { code: 'INVALID_HEADER' });
}
