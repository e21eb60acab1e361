import { decodeText, parseJson } from '../../domain/decode.js';

/** A payload that begins like JSON and is not: a quote of the shell was forgotten, or the text was cut. */
export function isBrokenJson(data: string | Uint8Array | undefined): boolean {
  const text = typeof data === 'string' || data === undefined ? data : decodeText(data);
  return text !== undefined && /^\s*[[{"]/.test(text) && !parseJson(text).ok;
}
