import { causeMark } from './causes.js';
import { takeChunk } from './fingerprint-chunk.js';
import { mark, type Shape, ShapeWriter } from './fingerprint-writer.js';

/** More than this of a message is not looked at. */
const mostLength = 1024;
const longestQuote = 512;
const longestAddress = 64;

/**
 * The shape of a message. Each character is looked at a bounded number of times, and nothing is searched for beyond
 * the longest quote, whatever the text is.
 */
export function shapeOf(message: string): Shape {
  const writer = new ShapeWriter();
  const text = message.length > mostLength ? message.slice(0, mostLength) : message;
  scan(text, writer, 0);
  return writer;
}

function scan(text: string, writer: ShapeWriter, level: number): void {
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (kinds[code] === kind.word || code >= 128 || isPathAt(text, at)) {
      at = scanChunk(text, at, writer);
    } else if (kinds[code] === kind.quote) at = scanQuote(text, at, writer, level);
    else at = scanMark(text, at, code, writer);
  }
}

/** Reads to the next white space, quote or bracket. */
function scanChunk(text: string, start: number, writer: ShapeWriter): number {
  if (text.startsWith(causeWord, start)) writer.startCause();
  if (mayBeStatement(text.charCodeAt(start) | 32) && isStatement(text, start)) {
    writer.leaveOut(mark.value);
    return endOfStatement(text, statement.lastIndex);
  }
  const end = endOfChunk(text, start);
  takeChunk(text.slice(start, end), writer, text, end);
  return end;
}

/** SQL: which columns and values it names, does not count. */
const statement = /(?:select\s[^;]{1,200}?\sfrom|insert\s+into|update\s+\S{1,100}\s+set|delete\s+from)\s/iy;

/** Begins with s, i, u or d. */
const mayBeStatement = (letter: number): boolean =>
  letter === 115 || letter === 105 || letter === 117 || letter === 100;

function isStatement(text: string, start: number): boolean {
  statement.lastIndex = start;
  return statement.test(text);
}

/** It ends with its sentence, its line, or the cause that it is part of. */
function endOfStatement(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const next = text.charCodeAt(at + 1);
    if (code === semicolon || (code === slash && escapeLength(text, at) > 1)) return at;
    if ((code === dot || (code === 32 && next === 45)) && (next === 32 || text.charCodeAt(at + 2) === 32))
      return at;
  }
  return text.length;
}

const causeWord = causeMark.trimStart().slice(2);

function endOfChunk(text: string, start: number): number {
  let url = false;
  const isWindowsPath =
    isLetterAt(text, start) && text.charCodeAt(start + 1) === colon && text.charCodeAt(start + 2) === slash;
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 128) continue;
    const what = kinds[code];
    if (code === slash && !isWindowsPath && escapeLength(text, at) > 1) return at;
    if (what === kind.word || code === slash) {
      url ||= code === colon && text.startsWith('//', at + 1);
    } else if (code === apostrophe) {
      if (!isWordAt(text, at - 1) || !isWordAt(text, at + 1)) return at;
    } else if (code === comma) {
      if (!isDigitAt(text, at - 1) || !isDigitAt(text, at + 1)) return at;
    } else if (what === kind.space || what === kind.quote || !url || code === greater || code === parenClose)
      return at;
  }
  return text.length;
}

/** A quoted text is left out, but for the key of an object, and what tells causes apart. */
function scanQuote(text: string, start: number, writer: ShapeWriter, level: number): number {
  const end = endOfQuote(text, start);
  if (end < 0) return start + 1;
  const quoted = text.slice(start + 1, end);
  if (writer.depth > 0 && text.charCodeAt(afterSpace(text, end + 1)) === colon) {
    const key = quoted.toLowerCase();
    writer.key = undefined;
    writer.word(key);
    writer.key = key;
  } else if (writer.expectsProperty) writer.property(quoted);
  else if (writer.expectsCodeValue && quoted.length <= 64) writer.code(quoted);
  else if (writer.expectsText && level < 3) {
    writer.key = undefined;
    writer.opens = true;
    const { depth } = writer;
    writer.depth = 0;
    scan(quoted, writer, level + 1);
    writer.depth = depth;
  } else writer.leaveOut(mark.quoted);
  return end + 1;
}

/** Where the quote ends that begins here; -1: it is none. */
function endOfQuote(text: string, start: number): number {
  const quote = text.charCodeAt(start);
  const last = Math.min(text.length, start + longestQuote);
  for (let at = start + 1; at < last; at++) {
    const code = text.charCodeAt(at);
    if (code === slash) at++;
    else if (code === quote && (quote !== apostrophe || !isWordAt(text, at + 1))) return at;
  }
  return -1;
}

/** White space, brackets, and what else stands between words. */
function scanMark(text: string, at: number, code: number, writer: ShapeWriter): number {
  if (code === slash) return at + escapeLength(text, at);
  if (code === braceOpen) writer.depth++;
  else if (code === braceClose) {
    writer.depth = Math.max(0, writer.depth - 1);
    writer.key = undefined;
  } else if (code === comma) writer.key = undefined;
  else if (code === bracket) {
    const end = text.indexOf(']', at);
    if (end > at && end - at < longestAddress && isAddress(text, at + 1, end)) {
      takeChunk(text.slice(at, endOfChunk(text, end)), writer, text, end);
      return endOfChunk(text, end);
    }
    // index [orders], field [total]
    if (end > at && end - at < longestAddress && writer.followsNoun && !text.slice(at, end).includes(' ')) {
      writer.leaveOut(mark.id);
      return end + 1;
    }
  } else if (code === parenOpen && text.charCodeAt(at - 1) === equals) {
    const end = text.indexOf(')', at);
    if (end > at && end - at < longestQuote) {
      writer.leaveOut(mark.value);
      return end + 1;
    }
  }
  if (kinds[code] !== kind.space && code !== comma) {
    writer.opens = true;
    writer.followsColon = false;
  }
  return at + 1;
}

/** It may be an IPv6 address: hexadecimal digits, and two colons at least. */
function isAddress(text: string, start: number, end: number): boolean {
  let colons = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === colon) colons++;
    else if (!isHexDigit(code) && code !== dot) return false;
  }
  return colons >= 2;
}

/** A line feed, tab or other control character, as it is stored, is as long as this; a mere backslash is 1. */
function escapeLength(text: string, at: number): number {
  const code = text.charCodeAt(at + 1);
  if (code === 110 || code === 114 || code === 116) return 2;
  return code === 117 && isHexDigit(text.charCodeAt(at + 2)) ? 6 : 1;
}

/** Of Windows: a backslash that begins a name. */
function isPathAt(text: string, at: number): boolean {
  if (text.charCodeAt(at) !== slash || escapeLength(text, at) > 1) return false;
  return isWordAt(text, at + 1) || text.charCodeAt(at + 1) === slash;
}

function afterSpace(text: string, at: number): number {
  let next = at;
  while (text.charCodeAt(next) === 32) next++;
  return next;
}

const isHexDigit = (code: number): boolean => {
  const lower = code | 32;
  return (code >= 48 && code <= 57) || (lower >= 97 && lower <= 102);
};
const isDigitAt = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
};
const isLetterAt = (text: string, at: number): boolean => {
  const lower = text.charCodeAt(at) | 32;
  return lower >= 97 && lower <= 122;
};
const isWordAt = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || (code >= 48 && code <= 57) || code === 95 || code >= 128;
};

const semicolon = 59;
const [comma, colon, equals, greater, bracket, slash, apostrophe, dot] = [44, 58, 61, 62, 91, 92, 39, 46];
const [parenOpen, parenClose, braceOpen, braceClose] = [40, 41, 123, 125];

/** What a character is to this reader: of a word, white space, a quote, or a mark between words. */
const kind = { word: 0, space: 1, quote: 2, mark: 3 } as const;
const kinds = new Uint8Array(128);
for (let code = 0; code <= 32; code++) kinds[code] = kind.space;
kinds[127] = kind.space;
for (const char of '"\'`') kinds[char.charCodeAt(0)] = kind.quote;
for (const char of '(){}[]<>,;|\\') kinds[char.charCodeAt(0)] = kind.mark;
