import { withoutMark } from './edited-mark.js';
import type { Origin } from './key.js';
import { isName } from './subjects.js';
import { isNanos } from './time.js';

/** What stands on a stream may be forged, cut or foreign: decoding answers with a reason, it never throws. */
export type Decoded<T> =
  | {
      /** It could be read. */
      readonly ok: true;
      /** What it says. */
      readonly value: T;
    }
  | {
      /** It could not. */
      readonly ok: false;
      /** Why. */
      readonly reason: string;
    };

export function malformed(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Takes a byte order mark away: it says how the text is encoded, and is not part of it. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The text in these bytes, without its byte order mark. Undefined: they are not UTF-8, so they are just bytes. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The parser's error for other text costs twenty times what parsing costs, and some events are plain text. */
const jsonBegins = /^[\t\n\r ]*(?:["[{\d-]|true|false|null)/;

/**
 * The value of a JSON text. What the parser says of other text stays here: it quotes the text, and that may be
 * a secret.
 */
export function parseJson(text: string): Decoded<unknown> {
  try {
    if (jsonBegins.test(text)) return { ok: true, value: JSON.parse(text) };
  } catch {
    // Told below.
  }
  return malformed('not valid JSON');
}

/** Is there an object or list inside so many others? What is some thousands deep can be read, but not written again. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const key in value) {
    if (isDeeperThan(levels - 1, (value as JsonObject)[key])) return true;
  }
  return false;
}

/**
 * What leads to another message (a pointer, an exhaustion) is at most half of what the server usually takes: the
 * next one holds its parts and a little more, and one that can't be written would be tried forever.
 */
export const maxRoutableBytes = 524_288;

/** Levels of objects and lists in one another; a record of ours has fewer than ten. */
const mostLevels = 100;

/**
 * The JSON object in these bytes. More than `maxBytes` (1 MB) is refused unread, and more than 100 levels: no record
 * of ours is that large or that deep.
 */
export function decodeObject(bytes: Uint8Array, maxBytes = 1_048_576): Decoded<JsonObject> {
  if (bytes.length > maxBytes) return malformed(`${bytes.length} bytes, expected at most ${maxBytes}`);
  const text = decodeText(bytes);
  if (text === undefined) return malformed('not text in UTF-8');
  const decoded = parseJson(text);
  if (!decoded.ok) return decoded;
  const { value } = decoded;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return malformed('expected a JSON object');
  }
  if (isDeeperThan(mostLevels, value)) return malformed(`more than ${mostLevels} levels deep`);
  return { ok: true, value: value as JsonObject };
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** An ISO time, or another text that stands for one. */
export function isTime(value: unknown): value is string {
  return isText(value) && !Number.isNaN(Date.parse(value));
}

export function readOrigin(value: unknown): Origin | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { stream, seq, subject, msgId, time, correlation } = value as Record<string, unknown>;
  if (
    !isText(stream) ||
    !isName(stream) ||
    !isCount(seq) ||
    seq === 0 ||
    typeof subject !== 'string' ||
    !isNanos(time)
  )
    return undefined;
  if (msgId !== undefined && typeof msgId !== 'string') return undefined;
  const own = withoutMark(msgId);
  const more = isText(correlation) && correlation.length <= 128 ? { correlation } : {};
  return { stream, seq, subject, time, ...(own === undefined ? {} : { msgId: own }), ...more };
}
