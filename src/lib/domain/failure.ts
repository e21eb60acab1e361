import { type Cause, causeMark, causesOf, readAny, readText } from './causes.js';
import { clipBytes, clipText, escapeBlock, escapeLine } from './escape.js';
import { chosenFingerprint, fingerprintOf } from './fingerprint.js';

export const failureKinds = [
  'error',
  'timeout',
  'no-report',
  'rejected',
  'schema',
  'encrypted',
  'missing',
  'replaced',
  'malformed',
] as const;

/** Why an attempt failed. All but `error`, `timeout`, `encrypted` and `no-report` are final: no retry can help. */
export type FailureKind = (typeof failureKinds)[number];

/** Why an attempt failed: bounded, printable, and comparable. */
export interface Failure {
  /** What kind of failure it was. */
  readonly kind: FailureKind;
  /** Name of the error, e.g. `TypeError`; at most 128 bytes. */
  readonly name: string;
  /** At most 4 KB, on one line. */
  readonly message: string;
  /** What the error says besides its message: `23505`, `EAUTH`, `429`. */
  readonly code?: string;
  /** The same for failures of one cause. 12 hexadecimal digits. */
  readonly fingerprint: string;
  /** What made it: the shape of the message, or the handler itself. Without it: an earlier version. */
  readonly fingerprintBy?: 'shape' | 'handler';
}

/** What an error says besides its name and its message. */
export interface FailureFacts {
  readonly code?: string | undefined;
  /** What the handler calls alike. */
  readonly fingerprint?: string | undefined;
}

/** What a failed attempt reports: the failure, and at most 16 KB of stack. */
export interface ReportedFailure extends Failure {
  /** The stack of the error and of its causes. */
  readonly stack?: string;
}

const maxReasonBytes = 256;
const maxMessageBytes = 4096;
const maxCodeBytes = 64;
const maxStackBytes = 16_384;
/** Longer input is cut before it is escaped, so that a message of any size costs little. */
const maxInput = 20_000;

/** What is encrypted may be opened later: its key may come. */
export function isForGood(kind: FailureKind): boolean {
  return kind !== 'error' && kind !== 'timeout' && kind !== 'no-report' && kind !== 'encrypted';
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return String(value);
  } catch {
    return '';
  }
}

function describeThrown(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return textOf(thrown);
  try {
    const text = JSON.stringify(thrown) ?? textOf(thrown);
    if (text !== '{}') return text;
    return thrown instanceof Error ? '' : (classOf(thrown) ?? text);
  } catch {
    return textOf(thrown) || 'an object that cannot be converted to a string';
  }
}

/** Of what has no fields that JSON shows, its class says more: a Response, a Map, an event of the DOM. */
function classOf(thrown: object): string | undefined {
  const name = readText(readAny(thrown, 'constructor'), 'name');
  if (name === undefined || name === 'Object') return undefined;
  const status = readAny(thrown, 'status');
  return typeof status === 'number' ? `${name} ${status}` : name;
}

/** The last one that was made, from these: where much fails, it fails alike. */
let lastMade:
  | {
      readonly name: string;
      readonly message: string;
      readonly facts: FailureFacts;
      readonly failure: Failure;
    }
  | undefined;

const noFacts: FailureFacts = {};

export function makeFailure(
  kind: FailureKind,
  name: string,
  message: string,
  facts: FailureFacts = noFacts,
): Failure {
  if (lastMade?.name === name && lastMade.message === message && lastMade.failure.kind === kind) {
    const { code, fingerprint } = lastMade.facts;
    if (code === facts.code && fingerprint === facts.fingerprint) return lastMade.failure;
  }
  const safeName = clipBytes(escapeLine(name.slice(0, 200)), 128);
  const safeMessage = clipBytes(escapeLine(message.slice(0, maxInput)), maxMessageBytes);
  const code = facts.code && clipBytes(escapeLine(facts.code.slice(0, maxCodeBytes)), maxCodeBytes);
  const { fingerprint: chosen } = facts;
  const fingerprint = chosen ? chosenFingerprint(chosen) : fingerprintOf(safeName, safeMessage, code);
  const made = { kind, name: safeName, message: safeMessage, fingerprint, fingerprintBy: byOf(chosen) };
  // Frozen, since it is shared by all that fail alike.
  const failure = Object.freeze(code ? { ...made, code } : made);
  lastMade = { name, message, facts, failure };
  return failure;
}

const byOf = (chosen: string | undefined): 'shape' | 'handler' => (chosen ? 'handler' : 'shape');

/** One that was read; of an earlier version with the fingerprint of today, so that old and new are one group. */
export function withFingerprint<F extends Omit<Failure, 'kind'>>(failure: F): F {
  if (failure.fingerprintBy !== undefined) return failure;
  const { name, message, code } = failure;
  return { ...failure, fingerprint: fingerprintOf(name, message, code), fingerprintBy: 'shape' };
}

export function withoutStack({ stack: _left, ...failure }: ReportedFailure): Failure {
  return failure;
}

/** Of a failure that a record tells of. */
export function failureRecorded(error: Omit<Failure, 'kind'> & { readonly kind?: FailureKind }): Failure {
  const { kind = 'error', name, message, code, fingerprint, fingerprintBy } = withFingerprint(error);
  const made = makeFailure(kind, name, message, { code });
  return { ...made, fingerprint, ...(fingerprintBy === undefined ? {} : { fingerprintBy }) };
}

/**
 * A bounded, printable failure of anything that was thrown, with what it came from. Never throws. `calledBy`: the
 * function that called what threw; its stack ends there.
 */
export function failureOf(thrown: unknown, kind: FailureKind = 'error', calledBy?: string): ReportedFailure {
  const name = readText(thrown, 'name') ?? 'Error';
  const own = readText(thrown, 'message') ?? describeThrown(thrown);
  const causes = causesOf(thrown, describeThrown);
  const stack = withCauses(readText(thrown, 'stack'), causes, calledBy);
  const message = causes.length === 0 ? own : messageWith(own, causes);
  const facts = { code: codeOf(thrown), fingerprint: readText(thrown, 'fingerprint') };
  const failure = makeFailure(kind, name, message, facts);
  return stack
    ? { ...failure, stack: clipBytes(escapeBlock(stack.slice(0, maxInput)), maxStackBytes) }
    : failure;
}

/** Where drivers and clients put what went wrong, the most exact first. */
const codeKeys = ['code', 'responseCode', 'statusCode', 'status'];

function codeOf(thrown: unknown): string | undefined {
  for (const key of codeKeys) {
    const value = readAny(thrown, key);
    if ((typeof value === 'string' && value !== '') || Number.isSafeInteger(value)) return String(value);
  }
  return undefined;
}

/** What a wrapper has in its message already is not said again. */
function messageWith(own: string, causes: readonly Cause[]): string {
  let text = clipText(own, maxOwnLength);
  for (const cause of causes) {
    if (!text.includes(cause.text)) text += text === '' ? cause.text : `${causeMark}${cause.text}`;
  }
  return text;
}

function withCauses(
  stack: string | undefined,
  causes: readonly Cause[],
  calledBy: string | undefined,
): string | undefined {
  const own = upTo(calledBy, stack);
  const others = causes.flatMap((cause) => upTo(calledBy, cause.stack) ?? []);
  if (others.length === 0) return own;
  // Each has room: the first one may be as deep as it likes.
  const room = Math.floor(maxStackBytes / (others.length + 1)) - causedBy.length;
  return [own ?? '', ...others].map((one) => clipText(one, room)).join(causedBy);
}

const causedBy = '\ncaused by: ';
/** Of an error that came from others: what they say must fit too, and count in the fingerprint. */
const maxOwnLength = 768;

function upTo(calledBy: string | undefined, stack: string | undefined): string | undefined {
  const end = calledBy === undefined ? -1 : (stack?.indexOf(`\n    at ${calledBy} (`) ?? -1);
  return end < 0 ? stack : stack?.slice(0, end);
}

/** The failure in at most 256 bytes on one line, also where it was read from a stream: what lists and headers show. */
export function reasonOf(failure: Failure): string {
  const text =
    failure.name === 'Error' || failure.message === ''
      ? failure.message || failure.name
      : `${failure.name}: ${failure.message}`;
  return text.includes(causeMark) ? clipCauses(text) : clipReason(text, maxReasonBytes);
}

function clipReason(text: string, maxBytes: number): string {
  return clipBytes(escapeLine(text.slice(0, maxBytes + 1)), maxBytes);
}

/** What a failure came from at last says more than its own words: where there is not room for all, those are cut. */
function clipCauses(text: string): string {
  const line = escapeLine(text.slice(0, maxMessageBytes));
  if (Buffer.byteLength(line) <= maxReasonBytes) return line;
  const at = line.lastIndexOf(causeMark);
  if (at < 0) return clipBytes(line, maxReasonBytes);
  const last = clipBytes(line.slice(at), maxReasonBytes / 2);
  return clipBytes(line.slice(0, at), maxReasonBytes - Buffer.byteLength(last)) + last;
}

/** An attempt that never reported: its process died, hung, or lost it. */
export const noReport = (): Failure =>
  makeFailure('no-report', 'NoReport', 'no report from the last attempt');
