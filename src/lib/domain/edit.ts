import { type Decoded, decodeText, type JsonObject, malformed, parseJson } from './decode.js';
import { JsonText, stringify } from './json-text.js';
import { parseKeepingDigits } from './numbers.js';

/** An event as it can be edited. `text`: its payload where that is text; else `base64` is. */
export interface EditableEvent {
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly payload: Uint8Array;
}

/** What to put where; a path is names and numbers between dots. */
export interface Edits {
  readonly set: readonly { readonly path: readonly string[]; readonly value: unknown }[];
  readonly unset: readonly (readonly string[])[];
}

/** `data.user.email=x`: where, and the value: JSON where it parses, else text. Undefined: it has no such form. */
export function parseSetting(text: string): Edits['set'][number] | undefined {
  const at = text.indexOf('=');
  const path = at < 0 ? undefined : parsePath(text.slice(0, at));
  if (!path) return undefined;
  const value = parseKeepingDigits(text.slice(at + 1));
  return { path, value: value.ok ? value.value : text.slice(at + 1) };
}

/** `data.a.b` or `header.Name`; undefined: it is none. */
export function parsePath(text: string): readonly string[] | undefined {
  const path = text.split('.');
  if (path[0] === 'header' && path.length > 1 && path[1] !== '') return ['header', path.slice(1).join('.')];
  return path[0] === 'data' && path.every((name) => name !== '') ? path : undefined;
}

const forbidden = new Set(['__proto__', 'constructor', 'prototype']);

/** The event with these edits; a reason where they do not fit it. */
export function applyEdits(event: EditableEvent, { set, unset }: Edits): Decoded<EditableEvent> {
  const headers: Record<string, readonly string[]> = { ...event.headers };
  const text = decodeText(event.payload);
  const decoded = text === undefined ? malformed('') : parseKeepingDigits(text);
  let data = decoded.ok ? decoded.value : undefined;
  const isAboutData = [...set.map(({ path }) => path), ...unset].some(([first]) => first === 'data');
  if (isAboutData && !decoded.ok) return malformed('its data is not JSON');
  for (const { path, value } of set) {
    const [first, ...rest] = path;
    if (first === 'header') {
      const lines = (Array.isArray(value) ? value : [value]).map((one) =>
        typeof one === 'string' ? one : stringify(one),
      );
      headers[rest[0] ?? ''] = lines;
    } else {
      const done = put(data, rest, value);
      if (!done.ok) return malformed(`${path.join('.')}: ${done.reason}`);
      data = done.value;
    }
  }
  for (const path of unset) {
    const [first, ...rest] = path;
    if (first === 'header') delete headers[rest[0] ?? ''];
    else data = without(data, rest);
  }
  const payload = isAboutData ? new TextEncoder().encode(stringify(data)) : event.payload;
  return { ok: true, value: { headers, payload } };
}

function put(at: unknown, path: readonly string[], value: unknown): Decoded<unknown> {
  const [name, ...rest] = path;
  if (name === undefined) return { ok: true, value };
  if (forbidden.has(name)) return malformed(`${name} can not be set`);
  if (Array.isArray(at)) {
    const index = Number(name);
    if (!Number.isInteger(index) || index < 0 || index > at.length)
      return malformed(`expected a number up to ${at.length}, found ${name}`);
    const inner = put(at[index], rest, value);
    return inner.ok ? { ok: true, value: at.toSpliced(index, 1, inner.value) } : inner;
  }
  if (at !== undefined && (typeof at !== 'object' || at === null || at instanceof JsonText))
    return malformed(`expected an object around ${name}`);
  const inner = put((at as JsonObject | undefined)?.[name], rest, value);
  return inner.ok ? { ok: true, value: { ...(at as JsonObject), [name]: inner.value } } : inner;
}

function without(at: unknown, path: readonly string[]): unknown {
  const [name = '', ...rest] = path;
  if (Array.isArray(at)) {
    const index = Number(name);
    if (!(index in at)) return at;
    return rest.length === 0 ? at.toSpliced(index, 1) : at.toSpliced(index, 1, without(at[index], rest));
  }
  if (typeof at !== 'object' || at === null || at instanceof JsonText || !Object.hasOwn(at, name)) return at;
  const { [name]: inner, ...others } = at as JsonObject;
  return rest.length === 0 ? others : { ...at, [name]: without(inner, rest) };
}

/** The event as a text for an editor: `headers`, and `data` of JSON, else `text` or `base64`. */
export function editorText({ headers, payload }: EditableEvent): string {
  const plain = Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
  return `${stringify({ headers: plain, ...partOf(payload) }, 2)}\n`;
}

function partOf(payload: Uint8Array): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
  } catch {
    return { base64: Buffer.from(payload).toString('base64') };
  }
  return parseJson(text).ok ? { data: new JsonText(text) } : { text };
}

/** What such a text says; lines that begin with `//` are notes. */
export function readEditorText(text: string): Decoded<EditableEvent> {
  const body = text.replaceAll(/^\s*\/\/.*$/gm, '');
  const decoded = parseKeepingDigits(body);
  if (!decoded.ok) return malformed('it is not valid JSON');
  const { value } = decoded;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return malformed('expected an object');
  const { headers = {}, ...rest } = value as JsonObject;
  const [key, ...more] = Object.keys(rest);
  if (more.length > 0 || (key !== 'data' && key !== 'text' && key !== 'base64'))
    return malformed('expected headers, and one of data, text and base64');
  if (typeof headers !== 'object' || headers === null) return malformed('headers: expected an object');
  const lists = Object.entries(headers).map(([name, one]): [string, unknown[]] => [
    name,
    Array.isArray(one) ? one : [one],
  ]);
  const odd = lists.find(([, values]) => values.some((one) => typeof one !== 'string'));
  if (odd) return malformed(`headers: ${odd[0]}: expected a text, or a list of texts`);
  const content = rest[key];
  if (key !== 'data' && typeof content !== 'string') return malformed(`${key}: expected a text`);
  if (key === 'base64' && !isBase64(content as string))
    return malformed('base64: expected base64, found other characters');
  const payload =
    key === 'data'
      ? new TextEncoder().encode(stringify(content))
      : Buffer.from(content as string, key === 'text' ? 'utf8' : 'base64');
  const values = Object.fromEntries(lists) as Record<string, readonly string[]>;
  return { ok: true, value: { headers: values, payload: new Uint8Array(payload) } };
}

/** Node would leave out what is none, and the rest would be other bytes. */
function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]\s*)*(?:=\s*){0,2}$/.test(text);
}

/** Do they say the same, however they are written? */
export function isSameEvent(a: EditableEvent, b: EditableEvent): boolean {
  return editorText(a) === editorText(b);
}
