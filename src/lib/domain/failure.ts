import { hash } from 'node:crypto';
import { clipBytes, escapeBlock, escapeLine } from './escape.js';

/** Why an attempt failed. All but `error`, `timeout` and `no-report` are for good: no retry can mend them. */
export type FailureKind =
  | 'error'
  | 'timeout'
  | 'no-report'
  | 'rejected'
  | 'schema'
  | 'missing'
  | 'replaced'
  | 'malformed';

export interface Failure {
  readonly kind: FailureKind;
  readonly name: string;
  /** At most 4 KB, on one line. */
  readonly message: string;
  /** The same for failures that differ only in numbers, ids and addresses. 12 hexadecimal digits. */
  readonly fingerprint: string;
}

/** What a failed attempt reports: the failure, and at most 16 KB of stack. */
export interface ReportedFailure extends Failure {
  readonly stack?: string;
}

const maxReasonBytes = 256;
const maxMessageBytes = 4096;
const maxStackBytes = 16_384;
/** Longer input is cut before it is escaped, so that a message of any size costs little. */
const maxInput = 20_000;

export function isForGood(kind: FailureKind): boolean {
  return kind !== 'error' && kind !== 'timeout' && kind !== 'no-report';
}

/** Groups alike failures: numbers, hexadecimal runs, UUIDs, e-mail addresses and quoted values don't count. */
export function fingerprintOf(name: string, message: string): string {
  const start = message.slice(0, 1024).toLowerCase();
  return hash('sha256', `${name}\n${varies.test(start) ? shapeOf(start) : start}`).slice(0, 12);
}

/** Without any of these there is nothing to leave out. */
const varies = /[\d@"'-]/;

function shapeOf(message: string): string {
  return (
    message
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '#')
      .replace(/\b(?:0x[0-9a-f]+|(?=[0-9a-f]*\d)[0-9a-f]{6,})\b/g, '#')
      .replace(/[\w.+-]{1,64}@[\w.-]{1,255}/g, '@')
      .replace(/\d+/g, '#')
      // An apostrophe inside a word opens and closes nothing.
      .replace(/"[^"]{0,256}"|(?<!\w)'[^']{0,256}'(?!\w)/g, '""')
  );
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return String(value);
  } catch {
    return '';
  }
}

function readProperty(thrown: unknown, name: 'name' | 'message' | 'stack'): string | undefined {
  try {
    const value = (thrown as Record<string, unknown>)[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  } catch {
    return undefined;
  }
}

function describeThrown(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return textOf(thrown);
  try {
    const text = JSON.stringify(thrown) ?? textOf(thrown);
    return text === '{}' && thrown instanceof Error ? '' : text;
  } catch {
    return textOf(thrown) || 'an object that cannot be made a string';
  }
}

/** The last one that was made, from this name and message: where much fails, it fails alike. */
let lastMade: { readonly name: string; readonly message: string; readonly failure: Failure } | undefined;

export function makeFailure(kind: FailureKind, name: string, message: string): Failure {
  if (lastMade?.name === name && lastMade.message === message && lastMade.failure.kind === kind)
    return lastMade.failure;
  const safeName = clipBytes(escapeLine(name.slice(0, 200)), 128);
  const safeMessage = clipBytes(escapeLine(message.slice(0, maxInput)), maxMessageBytes);
  const fingerprint = fingerprintOf(safeName, safeMessage);
  // Frozen, since everybody who fails alike has it.
  const failure = Object.freeze({ kind, name: safeName, message: safeMessage, fingerprint });
  lastMade = { name, message, failure };
  return failure;
}

/**
 * A bounded, printable failure of anything that was thrown. Never throws. `calledBy`: the function that called what
 * threw; its stack ends there.
 */
export function failureOf(thrown: unknown, kind: FailureKind = 'error', calledBy?: string): ReportedFailure {
  const name = readProperty(thrown, 'name') ?? 'Error';
  const message = readProperty(thrown, 'message') ?? describeThrown(thrown);
  const stack = upTo(calledBy, readProperty(thrown, 'stack'));
  const failure = makeFailure(kind, name, message);
  return stack
    ? { ...failure, stack: clipBytes(escapeBlock(stack.slice(0, maxInput)), maxStackBytes) }
    : failure;
}

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
  return clipBytes(escapeLine(text.slice(0, maxReasonBytes + 1)), maxReasonBytes);
}

/** An attempt that never reported: its process died, hung, or lost it. */
export const noReport = (): Failure =>
  makeFailure('no-report', 'NoReport', 'no report from the last attempt');
