import { type Decoded, isCount, isText, malformed, parseJson, readOrigin } from './decode.js';
import type { Origin } from './key.js';
import { isName } from './subjects.js';

/** Header names, each with all its values. */
type Headers = Readonly<Record<string, readonly string[]>>;

/** Who edited an event, and why. */
export interface EditAuthor {
  /** `user@host`. */
  readonly operator: string;
  /** The name under which the journal keeps the edit. */
  readonly task: string;
  /** Why. */
  readonly note: string;
  /** When, ISO. */
  readonly at: string;
}

/** Whose event a kept payload is. */
export interface KeptHead {
  readonly consumer: string;
  readonly origin: Origin;
  /** Of an edited version: whose it is. */
  readonly edit?: EditAuthor;
}

/** A payload that outlives its event, with all that a handler is given. */
export interface KeptEvent extends KeptHead {
  readonly headers: Headers;
  readonly data: Uint8Array;
}

/** What is too large for one message is in several: how many, and the digest of all. */
export interface KeptParts {
  readonly count: number;
  readonly sha256: string;
}

/**
 * The one header of a kept message. No header of the original is a header of it, since the server would act on some
 * (`Nats-TTL`, `Nats-Rollup`, `Nats-Expected-…`).
 */
export const keptHeader = 'Plutomi-Kept';
/** `<number>/<of how many>/<sha256>` of a part. */
export const keptPartHeader = 'Plutomi-Kept-Part';

/** What of an event is kept: its original, or the version that a person made for a cycle. */
export type Version = 'original' | number;

/** `original.<consumer>.<seq>`, `edited.<consumer>.<seq>.<cycle>`: one place of each consumer and event. */
export function keptSubject(root: string, consumer: string, seq: number, version: Version): string {
  return version === 'original'
    ? `${root}.original.${consumer}.${seq}`
    : `${root}.edited.${consumer}.${seq}.${version}`;
}

/** All edited versions of an event for a consumer. */
export function editedFilter(root: string, consumer: string, seq: number): string {
  return `${root}.edited.${consumer}.${seq}.*`;
}

/** Parts stand beside what they are a part of. */
export function keptPartSubject(root: string, subject: string, part: number): string {
  return `${root}.part${subject.slice(root.length)}.${part}`;
}

/** What a subject of the kept stream names; undefined: something else, a part too. */
export function keptAddress(
  root: string,
  subject: string,
): { readonly consumer: string; readonly seq: number; readonly version: Version } | undefined {
  if (!subject.startsWith(`${root}.`)) return undefined;
  const [what, consumer, seqText, cycleText, more] = subject.slice(root.length + 1).split('.');
  const [seq, cycle] = [Number(seqText), Number(cycleText)];
  if (consumer === undefined || !isName(consumer) || !isCount(seq) || more !== undefined) return undefined;
  if (what === 'original' && cycleText === undefined) return { consumer, seq, version: 'original' };
  return what === 'edited' && isCount(cycle) ? { consumer, seq, version: cycle } : undefined;
}

/** Headers are ASCII on the wire: all else of a JSON text is escaped. */
function ascii(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The value of `Plutomi-Kept`: with the headers of the event, or with the parts that they are in. */
export function encodeKeptHead(
  { consumer, origin, edit }: KeptHead,
  rest: { readonly headers: Headers } | { readonly parts: KeptParts },
): string {
  return ascii({ v: 1, consumer, origin, edit, ...rest });
}

/** What stands in the parts together: the headers of the event as JSON, a line break, its payload. */
export function encodeParts({ headers, data }: Pick<KeptEvent, 'headers' | 'data'>): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(headers)}\n`), data]);
}

export function decodeParts(bytes: Buffer): Decoded<Pick<KeptEvent, 'headers' | 'data'>> {
  const end = bytes.indexOf(0x0a);
  const headers = end < 0 ? undefined : readHeaders(parsed(bytes.subarray(0, end).toString('utf8')));
  if (!headers) return malformed('its parts: expected headers and a payload');
  return { ok: true, value: { headers, data: new Uint8Array(bytes.subarray(end + 1)) } };
}

type DecodedHead = KeptHead & { readonly headers?: Headers; readonly parts?: KeptParts };

export function decodeKeptHead(text: string | undefined): Decoded<DecodedHead> {
  const value = text === undefined ? undefined : parsed(text);
  if (typeof value !== 'object' || value === null) return malformed(`${keptHeader}: expected a JSON object`);
  const { v, consumer, edit: author, headers: found, parts: split } = value as Record<string, unknown>;
  if (v !== 1) return malformed('v: expected 1');
  if (!isText(consumer) || !isName(consumer)) return malformed('consumer: expected a name');
  const origin = readOrigin((value as Record<string, unknown>)['origin']);
  if (!origin) return malformed('origin: expected {stream, seq, subject, time}');
  const edit = author === undefined ? undefined : readAuthor(author);
  const head = { consumer, origin, ...(edit === undefined ? {} : { edit }) };
  const parts = readParts(split);
  if (parts) return { ok: true, value: { ...head, parts } };
  const headers = readHeaders(found);
  return headers ? { ok: true, value: { ...head, headers } } : malformed('headers: expected lists of texts');
}

function parsed(text: string): unknown {
  const decoded = parseJson(text);
  return decoded.ok ? decoded.value : undefined;
}

function readHeaders(value: unknown): Headers | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const isList = (one: unknown): boolean =>
    Array.isArray(one) && one.every((text) => typeof text === 'string');
  return Object.values(value).every(isList) ? (value as Headers) : undefined;
}

const mostParts = 4096;

function readParts(value: unknown): KeptParts | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { count, sha256 } = value as Record<string, unknown>;
  return isCount(count) && count <= mostParts && isText(sha256) ? { count, sha256 } : undefined;
}

function readAuthor(value: unknown): EditAuthor | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { operator, task, note, at } = value as Record<string, unknown>;
  if (typeof operator !== 'string' || typeof task !== 'string' || typeof at !== 'string') return undefined;
  return { operator, task, at, note: typeof note === 'string' ? note : '' };
}
