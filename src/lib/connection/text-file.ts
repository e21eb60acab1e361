import { decodeText } from '../domain/decode.js';
import { ConfigError } from '../errors.js';

/**
 * The text of a file, without its byte order mark.
 *
 * Throws ConfigError with the line of what is not UTF-8; never with its text, which may be a secret. Read as if it were,
 * a name or a password would silently be another one.
 */
export function textIn(file: string, bytes: Uint8Array): string {
  const text = decodeText(bytes);
  if (text !== undefined) return text;
  const { line, found } = notUtf8(bytes);
  throw new ConfigError(`${file}:${line}: expected text in UTF-8, found ${found}`, [], {
    suggestions: ['save it as UTF-8; in PowerShell: Set-Content -Encoding utf8'],
  });
}

/** What bytes that are not UTF-8 are, and the first line, from 1, that has such. */
export function notUtf8(bytes: Uint8Array): { readonly line: number; readonly found: string } {
  const mark = bytes[0] === 0xff ? bytes[1] === 0xfe : bytes[0] === 0xfe && bytes[1] === 0xff;
  if (mark) return { line: 1, found: 'UTF-16' };
  let line = 1;
  for (let at = 0; at < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, at);
    const next = end === -1 ? bytes.length : end + 1;
    if (decodeText(bytes.subarray(at, next)) === undefined) break;
    at = next;
  }
  return { line, found: 'other bytes' };
}
