import { escapeLine } from '../domain/escape.js';
import { headerOf, type MessageHeaders } from '../nats/wire/message.js';

/** Marks a message whose payload is encrypted; its value is the id of the key. */
export const encryptedHeader = 'Plutomi-Encrypted';
/** What the payload then is, unless the publisher has said something else of it. */
export const [contentTypeHeader, contentTypeOfSealed] = ['Content-Type', 'application/jose'];

interface Message {
  readonly data: Uint8Array;
  readonly headers: MessageHeaders;
}

/**
 * Is the payload encrypted? Its header says so, and it has the form: a compact JWE begins with the JSON of its header, in
 * base64url. The bytes come first: no other message has its headers read for this.
 */
export function isSealed(message: Message): boolean {
  const { data } = message;
  const hasForm = data[0] === 0x65 && data[1] === 0x79 && data[2] === 0x4a;
  return hasForm && headerOf(message.headers, encryptedHeader) !== undefined;
}

/** The id of the key that an encrypted payload says it has. */
export function keyIdOf({ headers }: Pick<Message, 'headers'>): string {
  return escapeLine((headerOf(headers, encryptedHeader) ?? '').slice(0, 64));
}

/** The headers of an encrypted message: its own, and the marks. */
export function sealedHeaders(headers: MessageHeaders, keyId: string): MessageHeaders {
  const isTyped = headerOf(headers, contentTypeHeader) !== undefined;
  const type = isTyped ? {} : { [contentTypeHeader]: [contentTypeOfSealed] };
  return { ...unsealedHeaders(headers), ...type, [encryptedHeader]: [keyId] };
}

/** What is added to the header lines of a message that is encrypted. */
export function marksOf(keyId: string, lines: string): Readonly<Record<string, string>> {
  const isTyped = new RegExp(`^${contentTypeHeader}:`, 'im').test(lines);
  return { ...(isTyped ? {} : { [contentTypeHeader]: contentTypeOfSealed }), [encryptedHeader]: keyId };
}

/** The headers as they were before. */
export function unsealedHeaders(headers: MessageHeaders): MessageHeaders {
  const isMark = (name: string, [value]: readonly string[]): boolean =>
    name.toLowerCase() === encryptedHeader.toLowerCase() ||
    (name.toLowerCase() === contentTypeHeader.toLowerCase() && value === contentTypeOfSealed);
  return Object.fromEntries(Object.entries(headers).filter(([name, values]) => !isMark(name, values)));
}
