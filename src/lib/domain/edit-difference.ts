import { decodeText, type JsonObject } from './decode.js';
import type { EditableEvent } from './edit.js';
import { JsonText, stringify } from './json-text.js';
import { parseKeepingDigits } from './numbers.js';

/** Of lines and bytes that differ, as many of each event are told. */
const mostOfEach = 8;

/**
 * In what two events differ, each line with `-` or `+` before it: the path and its value where both are JSON; the lines
 * of their texts; and of what is no text how many bytes it is, and those that differ, in hexadecimal.
 */
export function differenceOf(before: EditableEvent, after: EditableEvent, bytesPerLine = 16): string[] {
  const [old, now] = [before, after].map(({ payload }) => contentOf(payload)) as [Content, Content];
  const headers = valuesThatDiffer('header', before.headers, after.headers);
  if (old.kind === 'json' && now.kind === 'json')
    return [...headers, ...valuesThatDiffer('data', old.value, now.value)];
  if (Buffer.compare(before.payload, after.payload) === 0) return headers;
  const kinds = [`- data: ${described(old, before.payload)}`, `+ data: ${described(now, after.payload)}`];
  if (old.kind !== 'bytes' && now.kind !== 'bytes') {
    const lines = linesThatDiffer(old.text, now.text);
    return [...headers, ...(old.kind === now.kind ? [] : kinds), ...lines];
  }
  return [...headers, ...kinds, ...bytesThatDiffer(before.payload, after.payload, bytesPerLine)];
}

type Content =
  | { readonly kind: 'json'; readonly text: string; readonly value: unknown }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes' };

function contentOf(payload: Uint8Array): Content {
  const text = decodeText(payload);
  if (text === undefined) return { kind: 'bytes' };
  const json = parseKeepingDigits(text);
  return json.ok ? { kind: 'json', text, value: json.value } : { kind: 'text', text };
}

function described({ kind }: Content, { length }: Uint8Array): string {
  const what = { json: 'JSON', text: 'text', bytes: 'no text' }[kind];
  return `${length} ${length === 1 ? 'byte' : 'bytes'}, ${what}`;
}

function valuesThatDiffer(path: string, old: unknown, now: unknown): string[] {
  const [fields, others] = [fieldsOf(old), fieldsOf(now)];
  if (fields && others && Array.isArray(old) === Array.isArray(now)) {
    const names = [...new Set([...Object.keys(fields), ...Object.keys(others)])];
    return names.flatMap((name) => valuesThatDiffer(`${path}.${name}`, fields[name], others[name]));
  }
  const [was, is] = [old, now].map((value) => (value === undefined ? undefined : stringify(value)));
  if (was === is) return [];
  return [
    ...(was === undefined ? [] : [`- ${path}: ${was}`]),
    ...(is === undefined ? [] : [`+ ${path}: ${is}`]),
  ];
}

/** Of an object or a list. A number whose digits are kept is neither. */
function fieldsOf(value: unknown): JsonObject | undefined {
  const isPlain = typeof value === 'object' && value !== null && !(value instanceof JsonText);
  return isPlain ? (value as JsonObject) : undefined;
}

function linesThatDiffer(before: string, after: string): string[] {
  // In quotes, so that a blank at the end is seen.
  const [old, now] = [before, after].map((text) => text.split('\n').map((line) => JSON.stringify(line))) as [
    string[],
    string[],
  ];
  const { from, endOfOld, endOfNow } = span(old, now);
  return [...told('-', old.slice(from, endOfOld), 'lines'), ...told('+', now.slice(from, endOfNow), 'lines')];
}

/** What lies between the same beginning and the same end. */
function span<T>(
  old: ArrayLike<T>,
  now: ArrayLike<T>,
): { readonly from: number; readonly endOfOld: number; readonly endOfNow: number } {
  const shorter = Math.min(old.length, now.length);
  let [from, end] = [0, 0];
  while (from < shorter && old[from] === now[from]) from++;
  while (end < shorter - from && old[old.length - 1 - end] === now[now.length - 1 - end]) end++;
  return { from, endOfOld: old.length - end, endOfNow: now.length - end };
}

function told(sign: '-' | '+', lines: readonly string[], what: string): string[] {
  const more = lines.length - mostOfEach;
  return [
    ...lines.slice(0, mostOfEach).map((line) => `${sign} ${line}`),
    ...(more > 0 ? [`${sign} … ${more} more ${what}`] : []),
  ];
}

function bytesThatDiffer(before: Uint8Array, after: Uint8Array, perLine: number): string[] {
  const { from, endOfOld, endOfNow } = span(before, after);
  // Whole lines, so that the same bytes stand below each other.
  const first = from - (from % perLine);
  const rows = (bytes: Uint8Array, end: number): string[] => {
    const count = Math.ceil((end - first) / perLine);
    return Array.from({ length: Math.max(0, count) }, (_, row) =>
      hexLine(bytes, first + row * perLine, perLine),
    );
  };
  return [...told('-', rows(before, endOfOld), 'lines'), ...told('+', rows(after, endOfNow), 'lines')];
}

/** Where, the bytes, and those of them that are ASCII: as `hexdump -C` has it. */
function hexLine(bytes: Uint8Array, at: number, perLine: number): string {
  const row = Array.from(bytes.subarray(at, at + perLine));
  const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const ascii = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
  return `${at.toString(16).padStart(6, '0')}  ${hex.padEnd(perLine * 3 - 1)}  ${ascii}`;
}
