import { isStatus, isVendorCode } from './fingerprint-code.js';
import { isHost, isIp } from './fingerprint-host.js';
import { isRandom } from './fingerprint-random.js';
import {
  beforeStatus,
  codeKeys,
  codeWords,
  fileEndings,
  hostNouns,
  statusVerbs,
  technicalWords,
  units,
} from './fingerprint-words.js';
import { mark, type ShapeWriter } from './fingerprint-writer.js';

/** A text without white space: what it stands for, with what came before it and what comes next in the message. */
export function takeChunk(raw: string, writer: ShapeWriter, message: string, end: number): void {
  if (raw.length < shortWord && isLowerCase(raw) && writer.takesWord) return writer.word(raw);
  const start = startOf(raw);
  const stop = stopOf(raw, start);
  if (start < stop) takeCore(raw.slice(start, stop), writer, message, end - raw.length + stop);
  const last = raw.charCodeAt(raw.length - 1);
  if (start >= stop && last !== colon) return;
  if (last === colon) {
    writer.opens = true;
    writer.followsColon = true;
    writer.followsId = isIdKey(raw.slice(start, stop));
    if (writer.depth > 0 && start < stop) writer.key = raw.slice(start, stop).toLowerCase();
  } else if (last === dot) writer.opens = true;
}

/** Most words are short, and in lower case: nothing else has to be asked of them. */
const shortWord = 8;

function isLowerCase(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 97 || code > 122) return false;
  }
  return true;
}

/** Punctuation around a word is none of it. A path keeps its slash, a relative one its dot. */
function startOf(raw: string): number {
  let at = 0;
  while (at < raw.length && leading[raw.charCodeAt(at)] === 1 && !isPathAt(raw, at)) at++;
  return at;
}

function stopOf(raw: string, start: number): number {
  let at = raw.length;
  while (at > start && trailing[raw.charCodeAt(at - 1)] === 1) at--;
  return at;
}

const tableOf = (chars: string): Uint8Array => {
  const table = new Uint8Array(128);
  for (const char of chars) table[char.charCodeAt(0)] = 1;
  return table;
};
const leading = tableOf('-+*=.,:;!?#$%&^~@_');
const trailing = tableOf('-+*.,:;!?&^~@_/]%');
const [colon, dot] = [58, 46];

const isPathAt = (raw: string, at: number): boolean =>
  raw.startsWith('::', at) ||
  raw.startsWith('./', at) ||
  raw.startsWith('../', at) ||
  raw.startsWith('~/', at);

const letters = /^[A-Za-z']+$/;
const plain = /^[A-Za-z0-9]+$/;
const joined = /^[\w-]+$/;
const dotted = /^[\w.-]+$/;
const numeric = /^[\d.,:/+\-TZx%]+$/;

function takeCore(text: string, writer: ShapeWriter, message: string, end: number): void {
  if (writer.followsId && looksLikeData(text)) return writer.leaveOut(mark.id);
  if (writer.followsTable && !letters.test(text)) return writer.leaveOut(mark.id);
  const address = writer.takeAddress();
  if (address !== undefined) return takeAddress(text, address, writer);
  if (letters.test(text)) return takeLetters(text, writer);
  if (plain.test(text)) return takePlain(text, writer, message, end);
  if (uuid.test(text)) return writer.leaveOut(mark.id);
  if (text.includes('***')) return writer.leaveOut(mark.id);
  if (text.includes('://')) return writer.leaveOut(mark.url);
  if (text.startsWith('eyJ') && text.length >= 20) return writer.leaveOut(mark.id);
  if (technicalWords.has(text.toLowerCase())) return writer.word(text);
  if (/^[^@]+@[^@]/.test(text)) return writer.leaveOut(mark.email);
  if (text.endsWith('=') && isBase64(text)) return writer.leaveOut(mark.id);
  if (isPath(text)) return writer.leaveOut(mark.path);
  if (numeric.test(text)) return takeNumeric(text, writer, message, end);
  if (isIp(text)) return writer.leaveOut(mark.host);
  // A hash, or the address of a card.
  if (/^[\dA-Fa-f]+(?::[\dA-Fa-f]+){3,}$/.test(text)) return writer.leaveOut(mark.id);
  if (isBase64(text)) return writer.leaveOut(mark.id);
  if (text.includes('=')) return takePair(text, text.indexOf('='), writer, message, end);
  if (text.includes(':')) return takeParts(text, ':', writer, message, end);
  if (text.includes('/')) {
    return text.indexOf('/') === text.lastIndexOf('/') && text[0] !== '/'
      ? takeParts(text, '/', writer, message, end)
      : writer.leaveOut(mark.path);
  }
  takeName(text, writer);
}

const uuid = /^[\da-fA-F]{8}-[\da-fA-F]{4}-/;

/** Letters and digits, and nothing else. */
function takePlain(text: string, writer: ShapeWriter, message: string, end: number): void {
  if (/^\d+$/.test(text)) return takeNumeric(text, writer, message, end);
  if (text.startsWith('eyJ') && text.length >= 20) return writer.leaveOut(mark.id);
  if (technicalWords.has(text.toLowerCase())) return writer.word(text);
  takeName(text, writer);
}

function takeLetters(text: string, writer: ShapeWriter): void {
  if (writer.expectsCodeValue) return writer.code(text);
  if (text === 'localhost') return writer.leaveOut(mark.host);
  if (text.length >= 8 && isRandom(text)) return writer.leaveOut(mark.id);
  if (text.length >= 3 && text === text.toUpperCase()) {
    if (writer.followsId && text.length >= 8) return writer.leaveOut(mark.id);
    if (isCodeWord(text)) return writer.code(text);
  }
  if (writer.followsNoun && /[a-z][A-Z]/.test(text)) return writer.leaveOut(mark.id);
  writer.word(text);
}

/** `ECONNREFUSED`, `UNAVAILABLE`, `ER_DUP_ENTRY`: no word of SQL, nor of HTTP. */
function isCodeWord(text: string): boolean {
  return (
    (text.startsWith('E') && text.length >= 4 && !capitals.has(text)) ||
    text.length >= 9 ||
    text.includes('_')
  );
}

const capitals = new Set('ERROR ERRORS EXIT EMPTY EVENT EVENTS EXISTS ELSE EACH EXECUTE'.split(' '));

/** `connect ECONNREFUSED 10.0.4.17:587`: the service that does not answer is another one on another port. */
function takeAddress(text: string, address: 'host' | 'port', writer: ShapeWriter): void {
  if (text.startsWith('/') || text.startsWith('\\')) return writer.leaveOut(mark.path);
  writer.leaveOut(mark.host);
  const port = /:(\d{1,5})$/.exec(text)?.[1];
  if (address === 'port' && port !== undefined) writer.code(port);
}

function takeNumeric(text: string, writer: ShapeWriter, message: string, end: number): void {
  if (isIp(text)) return writer.leaveOut(mark.host);
  // The long and the short form of a reply of SMTP: 550-5.1.1, and 550 5.1.1.
  const reply = /^([245]\d\d)-([245]\.\d{1,3}\.\d{1,3})?$/.exec(text);
  if (reply) {
    writer.code(reply[1] ?? '');
    if (reply[2] !== undefined) writer.code(reply[2]);
    return;
  }
  if (writer.followsCode && /^[245]\.\d{1,3}\.\d{1,3}$/.test(text)) return writer.code(text);
  if (/^-?\d{1,5}$/.test(text) && isCodeHere(text, writer, message, end)) return writer.code(text);
  writer.leaveOut(mark.id);
}

function isCodeHere(text: string, writer: ShapeWriter, message: string, end: number): boolean {
  if (writer.expectsCode) return true;
  if (writer.depth > 0 && writer.key !== undefined) return false;
  const next = /^\s{0,2}(\S?)(\w{0,12})/.exec(message.slice(end, end + 16));
  const [first = '', rest = ''] = [next?.[1], next?.[2]];
  if (writer.opens && /^[A-Z]$/.test(first) && /^[A-Z_]{5,}$/.test(rest)) return true;
  if (!isStatus(text)) return false;
  const word = `${first}${rest}`;
  if (writer.opens)
    return word !== 'of' && !units.has(word) && (writer.last === '' || beforeStatus.has(writer.last));
  if (/^[A-Z]$/.test(first) && /^[a-z]+$/.test(rest)) return true;
  return statusVerbs.has(writer.last) && (first === '' || !/^\w/.test(first) || afterStatus.has(word));
}

const afterStatus = new Set(
  'from for on by in at when while response error status http and to during after'.split(' '),
);

/** `key=value`: the key counts, and its value where it is a code. */
function takePair(text: string, at: number, writer: ShapeWriter, message: string, end: number): void {
  const [key, value] = [text.slice(0, at), text.slice(at + 1)];
  takeCore(key, writer, message, end);
  if (value === '') return;
  const name = key.toLowerCase();
  if (codeKeys.has(name) || codeWords.has(name)) return writer.code(value.slice(0, 64));
  writer.leaveOut(mark.value);
}

function takeParts(text: string, separator: string, writer: ShapeWriter, message: string, end: number): void {
  const parts = text.split(separator);
  const [first = '', second = ''] = parts;
  const isPort = separator === ':' && parts.length === 2 && /^\d{1,6}$/.test(second);
  if (isPort && dotted.test(first) && !codeWords.has(first.toLowerCase())) return writer.leaveOut(mark.host);
  if (separator === ':' && /^arn$/i.test(first)) return writer.leaveOut(mark.id);
  if (separator === '/' && /^https?$/i.test(first)) return writer.word('http');
  for (const part of parts) {
    if (part === '') continue;
    if (separator === ':') writer.opens = /^\d/.test(part);
    takeChunk(part, writer, message, end);
  }
}

/** Letters and digits, with what may join them in a name. */
function takeName(text: string, writer: ShapeWriter): void {
  if (isVendorCode(text)) return writer.code(text);
  if (writer.expectsCode && text.length <= 8 && plain.test(text) && /\d/.test(text)) return writer.code(text);
  if (writer.expectsCodeValue) return writer.code(text);
  if (/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(text) && !isRandom(text.replaceAll('_', '')))
    return writer.code(text);
  if (isQuantity(text)) return writer.leaveOut(mark.id);
  if (dotted.test(text) && text.includes('.')) return takeDotted(text, writer);
  if (joined.test(text)) {
    if (hasRandomPart(text) || (writer.followsNoun && looksLikeData(text))) return writer.leaveOut(mark.id);
  } else if (isRandom(text.replaceAll(/[^A-Za-z0-9]/g, ''))) return writer.leaveOut(mark.id);
  takeWord(text, writer);
}

/** A host, a file, a version, or a name of several parts. */
function takeDotted(text: string, writer: ShapeWriter): void {
  const labels = text.split('.');
  const ending = (labels.at(-1) ?? '').toLowerCase();
  if (/^v?\d/.test(text) && /^[\dv.]+(?:-[\w.]+)?$/.test(text)) return writer.leaveOut(mark.id);
  if (writer.followsNoun && !hostNouns.has(writer.last)) return writer.leaveOut(mark.id);
  if (isHost(labels)) return writer.leaveOut(mark.host);
  if (fileEndings.has(ending) && labels.length <= 3) return writer.leaveOut(mark.path);
  if (writer.followsNoun) return writer.leaveOut(mark.id);
  if (labels.some(hasRandomPart)) return writer.leaveOut(mark.id);
  takeWord(text, writer);
}

function takeWord(text: string, writer: ShapeWriter): void {
  writer.word(/\d/.test(text) ? text.replaceAll(/\d+/g, mark.id) : text);
}

/** `30s`, `1.5h`, `10MB`, `2nd`; also a number with letters that nobody chose. */
function isQuantity(text: string): boolean {
  const found = /^\d[\d.,_]*([A-Za-zµ]+)$/.exec(text);
  return /^\d[A-Za-z0-9]*$/.test(text) || (found !== null && units.has((found[1] ?? '').toLowerCase()));
}

function hasRandomPart(text: string): boolean {
  if (isRandom(text) && plain.test(text)) return true;
  if (!/[_-]/.test(text)) return false;
  const whole = text.replaceAll(/[_-]/g, '');
  // A nanoid whose parts are too short to tell.
  if (whole.length >= 16 && /[a-z]/.test(whole) && /[A-Z]/.test(whole) && isRandom(whole)) return true;
  return text.split(/[_-]/).some((part) => isRandom(part) && !technicalWords.has(part.toLowerCase()));
}

/** It has digits, or joins parts, or changes between upper and lower case: it is a name that somebody gave. */
function looksLikeData(text: string): boolean {
  return /[\d_.-]/.test(text) || /[a-z][A-Z]/.test(text);
}

/** `RequestId:`, `query_id:`, `id:`; not `invalid:`. */
const isIdKey = (text: string): boolean => /(?:^|[_-])ids?$/i.test(text) || /[a-z]I[dD]$/.test(text);

const isPath = (text: string): boolean =>
  /^(?:\.{1,2}|~)?\/[^/]/.test(text) || /^[A-Za-z]:\\/.test(text) || text.includes('\\');

function isBase64(text: string): boolean {
  if (text.length < 12 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return false;
  if (text.endsWith('=')) return text.length % 4 === 0 || isRandom(text.replaceAll(/[^A-Za-z0-9]/g, ''));
  return /[+/]/.test(text) && text.length >= 20 && isRandom(text.replaceAll(/[^A-Za-z0-9]/g, ''));
}
