import type { Stage, Tier } from './key.js';
import { type ExhaustionKind, isRecordKind, type RecordKind } from './record-kinds.js';

/** First tokens of the subjects of the streams that are ours alone. */
export interface SubjectRoots {
  /** Of the retry stream, e.g. `events-retry`. */
  readonly retry: string;
  /** Of the DLQ, e.g. `events-dlq`. */
  readonly dlq: string;
  /** Of the journal, e.g. `events-advisories`. */
  readonly advisories: string;
  /** Of what people decided, e.g. `events-operations`. */
  readonly operations: string;
  /** Of kept payloads, e.g. `events-kept`. */
  readonly kept: string;
}

const nativeRoot = '$JS.EVENT.ADVISORY.CONSUMER';

/** Where the server itself publishes that a consumer gave up on a message of `stream`. */
export function nativeAdvisoryFilter(kind: ExhaustionKind, stream: string): string {
  return `${nativeRoot}.${kind}.${stream}.>`;
}

export function nativeAdvisorySubject(kind: ExhaustionKind, stream: string, consumer: string): string {
  return `${nativeRoot}.${kind}.${stream}.${consumer}`;
}

export function isNativeAdvisory(subject: string): boolean {
  return subject.startsWith(`${nativeRoot}.`);
}

/** `events-retry.<consumer>.<seq>`, `events-dlq.<consumer>.<seq>`. */
export function pointerSubject(root: string, consumer: string, seq: number): string {
  return `${root}.${consumer}.${seq}`;
}

export function pointerFilter(root: string, consumer: string): string {
  return `${root}.${consumer}.>`;
}

export interface RecordAddress {
  readonly tier: Tier;
  readonly kind: RecordKind;
  readonly consumer: string;
  readonly seq: number;
  readonly stage: Stage;
  readonly cycle: number;
}

export function recordSubject(root: string, a: RecordAddress): string {
  return `${root}.${a.tier}.${a.kind}.${a.consumer}.${a.seq}.${a.stage}.${a.cycle}`;
}

/** All records of one kind of one consumer's tier; without a consumer, of the whole tier. */
export function recordFilter(root: string, tier: Tier, kind: RecordKind, consumer?: string): string {
  return consumer === undefined ? `${root}.${tier}.${kind}.>` : `${root}.${tier}.${kind}.${consumer}.>`;
}

/** All records of one stage of a consumer. */
export function stageFilter(root: string, consumer: string, stage: Stage): string {
  return `${root}.business.*.${consumer}.*.${stage}.*`;
}

function isExactCount(text: string | undefined): boolean {
  return text !== undefined && /^(?:0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(Number(text));
}

/** The address that a journal subject names, or undefined when it is none of ours. */
export function parseRecordSubject(root: string, subject: string): RecordAddress | undefined {
  if (!subject.startsWith(`${root}.`)) return undefined;
  const tokens = subject.slice(root.length + 1).split('.');
  const [tier, kind, consumer, seq, stage, cycle] = tokens;
  if (tokens.length !== 6 || (tier !== 'business' && tier !== 'meta')) return undefined;
  if (!isRecordKind(kind) || !consumer) return undefined;
  if (stage !== 'main' && stage !== 'retry' && stage !== 'dlq') return undefined;
  if (!isExactCount(seq) || !isExactCount(cycle)) return undefined;
  return { tier, kind, consumer, seq: Number(seq), stage, cycle: Number(cycle) };
}

/** Does `subject` match `filter`? `*` is one token, `>` is one or more at the end. */
export function subjectMatches(filter: string, subject: string): boolean {
  const f = filter.split('.');
  const s = subject.split('.');
  for (let i = 0; i < f.length; i++) {
    if (f[i] === '>') return s.length > i;
    if (i >= s.length || (f[i] !== '*' && f[i] !== s[i])) return false;
  }
  return f.length === s.length;
}

/** Can any one subject match both filters? */
export function filtersOverlap(a: string, b: string): boolean {
  const x = a.split('.');
  const y = b.split('.');
  for (let i = 0; ; i++) {
    const l = x[i];
    const r = y[i];
    if (l === undefined || r === undefined) return l === r;
    if (l === '>' || r === '>') return true;
    if (l !== r && l !== '*' && r !== '*') return false;
  }
}

/** Is every subject that `inner` matches also matched by `outer`? */
export function filterContains(outer: string, inner: string): boolean {
  const o = outer.split('.');
  const i = inner.split('.');
  for (let n = 0; n < o.length; n++) {
    if (o[n] === '>') return i.length > n;
    if (i[n] === undefined || i[n] === '>') return false;
    if (o[n] !== '*' && (i[n] === '*' || o[n] !== i[n])) return false;
  }
  return o.length === i.length;
}

/** Printable ASCII without space, dot, wildcard or path character: fit for a stream, a consumer and a token. */
export function isName(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,128}$/.test(text);
}

/** What the server takes as a part between two dots, blanks and control characters apart: any other UTF-8. */
const token = /^[^\s\p{Cc}\p{Cs}.*>]+$/u;
const longestBytes = 512;

const isShort = (text: string): boolean =>
  text.length <= longestBytes && Buffer.byteLength(text) <= longestBytes;

/** A subject to publish on: tokens without blanks and wildcards, none empty. The one definition of it. */
export function isSubject(text: string): boolean {
  return isShort(text) && text.split('.').every((part) => token.test(part));
}

const mostShown = 80;

/** So much of a text that should be a subject as fits a message. */
export function shortened(text: string): string {
  return text.length > mostShown ? `${text.slice(0, mostShown)}…` : text;
}

/** Why a text is no subject to publish on, in words; of one that is, that it has a wildcard. */
export function subjectFault(text: string): string {
  if (text === '') return 'it is empty';
  if (!isShort(text)) return `it has ${Buffer.byteLength(text)} bytes, and a subject at most ${longestBytes}`;
  if (/\s/.test(text)) return 'it has white space';
  if (/[\p{Cc}\p{Cs}]/u.test(text)) return 'it has a control character';
  if (text.startsWith('.')) return 'it begins with a dot';
  if (text.endsWith('.')) return 'it ends with a dot';
  if (text.split('.').includes('')) return 'a part of it is empty';
  return wildcardFault;
}

const wildcardFault = 'it has a wildcard';

/** What was expected in place of a text that is no subject to publish on, and what is wrong with it. */
export function notASubject(text: string, shown: string, example?: string): string {
  const fault = subjectFault(text);
  const like = example === undefined ? '' : ` like "${example}"`;
  return fault === wildcardFault
    ? `expected a subject without wildcards${like}, found ${shown}`
    : `expected a subject${like}, found ${shown}: ${fault}`;
}

/** Why a text is no subject with wildcards either. */
export function filterFault(text: string): string {
  const fault = subjectFault(text);
  return fault === wildcardFault ? 'a wildcard is a whole part, and > the last one' : fault;
}

/** Why a text is no name. */
export function nameFault(text: string): string {
  if (text === '') return 'it is empty';
  const [odd] = /[^A-Za-z0-9_-]/u.exec(text) ?? [];
  if (odd === undefined) return `it is ${text.length} long`;
  if (odd === '.') return 'it has a dot';
  if (odd === '*' || odd === '>') return wildcardFault;
  if (/\s/.test(odd)) return 'it has white space';
  return /[\p{Cc}\p{Cs}]/u.test(odd) ? 'it has a control character' : `it has ${odd}`;
}

/** A subject with `*` for a token or `>` at the end. */
export function isFilter(text: string): boolean {
  const parts = text.split('.');
  return (
    isShort(text) &&
    parts.every((part, i) => part === '*' || (part === '>' && i === parts.length - 1) || token.test(part))
  );
}
