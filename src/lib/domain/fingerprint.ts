import { hash } from 'node:crypto';
import { shapeOf } from './fingerprint-shape.js';

/**
 * The same for failures of the same name and code whose messages have the same shape: what differs in hosts, ids,
 * numbers and the like is one. `code` is only asked for where the message says none. 12 hexadecimal digits.
 */
export function fingerprintOf(name: string, message: string, code?: string): string {
  const { words, codes } = shapeOf(message);
  const more = codes.length > 0 || code === undefined ? '' : `\n${code}`;
  return hashOf(`${name}\n${words.join(' ')}${more}`);
}

/** Of what a handler calls alike, whatever the name and the message are. No name begins with a line feed. */
export function chosenFingerprint(text: string): string {
  return hashOf(`\nchosen\n${text}`);
}

function hashOf(text: string): string {
  return hash('sha256', text).slice(0, 12);
}
