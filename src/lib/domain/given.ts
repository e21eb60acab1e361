import { UsageError } from '../errors.js';
import { longestTimerMs } from './duration.js';
import { escapeLine } from './escape.js';

/** Whoever writes JavaScript can give anything: what an option is not is said before it is worked with. */

/** A whole number of at least 1. @throws UsageError */
export function refuseCount(name: string, given: unknown): void {
  if (Number.isSafeInteger(given) && (given as number) > 0) return;
  throw unexpected(name, 'a whole number of at least 1', given);
}

/** The same, or no limit. @throws UsageError */
export function refuseLimit(name: string, given: unknown): void {
  if (given !== undefined && given !== Number.POSITIVE_INFINITY) refuseCount(name, given);
}

/** A list of texts. @throws UsageError */
export function refuseTexts(name: string, given: unknown): void {
  if (given === undefined) return;
  const odd = Array.isArray(given) ? given.find((one) => typeof one !== 'string') : given;
  if (!Array.isArray(given) || odd !== undefined || given.includes(undefined))
    throw unexpected(name, 'a list of texts', odd);
}

/** An object: a text has no options, and would be taken for none. @throws UsageError */
export function refuseNoObject(name: string, given: unknown): void {
  if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given)))
    throw unexpected(name, 'an object', given);
}

/** A time in ms since 1970. @throws UsageError */
export function refuseTime(name: string, given: unknown): void {
  if (given !== undefined && !Number.isFinite(given))
    throw unexpected(name, 'milliseconds since 1970', given);
}

/**
 * A time to wait, ms, that a timer can wait; Infinity is the longest: a longer one would be over at once.
 * @throws UsageError
 */
export function waitOf(name: string, given: number, leastMs = 0): number {
  if (given === Number.POSITIVE_INFINITY) return longestTimerMs;
  if (typeof given === 'number' && given >= leastMs && given <= longestTimerMs) return given;
  throw unexpected(name, `${leastMs} to ${longestTimerMs} ms, or Infinity`, given);
}

/** A function. @throws UsageError */
export function refuseNoFunction(name: string, given: unknown): void {
  if (given !== undefined && typeof given !== 'function') throw unexpected(name, 'a function', given);
}

/** The error about an option, or an argument, that is something else. */
export function unexpected(name: string, expected: string, given: unknown): UsageError {
  return new UsageError(`${name}: expected ${expected}, found ${shown(given)}`);
}

const mostShown = 80;

function shown(given: unknown): string {
  if (typeof given === 'string') return `"${escapeLine(given.slice(0, mostShown))}"`;
  if (typeof given === 'number' || typeof given === 'boolean') return String(given);
  if (given === null || given === undefined) return String(given);
  return Array.isArray(given) ? 'a list' : typeof given === 'object' ? 'an object' : `a ${typeof given}`;
}
