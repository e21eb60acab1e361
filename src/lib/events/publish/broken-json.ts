import { decodeText, parseJson } from '../../domain/decode.js';

/** A payload that begins like JSON and is not: a quote of the shell was forgotten, or the text was cut. */
export function isBrokenJson(data: string | Uint8Array | undefined): boolean {
  const text = typeof data === 'string' || data === undefined ? data : decodeText(data);
  return text !== undefined && /^\s*[[{"]/.test(text) && !parseJson(text).ok;
}

/** A payload that is JSON in another encoding than UTF-8, as far as one can see: UTF-16, or text of one byte a letter. */
export function isEncodedOtherwise(data: string | Uint8Array | undefined): boolean {
  if (data === undefined || typeof data === 'string' || decodeText(data) !== undefined) return false;
  const { buffer, byteOffset, byteLength } = data;
  const letters = Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
  return /^(?:\xff\xfe|\xfe\xff|\s*[[{"][^\0-\x08\x0e-\x1f]*$)/.test(letters);
}
