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

/** A time to wait, from 1 ms. @throws UsageError */
export function refuseNoWait(name: string, given: unknown): void {
  waitOf(name, given as number, 1);
}

/** A function. @throws UsageError */
export function refuseNoFunction(name: string, given: unknown): void {
  if (given !== undefined && typeof given !== 'function') throw unexpected(name, 'a function', given);
}

/** A text. @throws UsageError */
export function refuseNoText(name: string, given: unknown): void {
  if (typeof given !== 'string') throw unexpected(name, 'a text', given);
}

/** Yes or no. @throws UsageError */
export function refuseNoFlag(name: string, given: unknown): void {
  if (typeof given !== 'boolean') throw unexpected(name, 'true or false', given);
}

/** A number. @throws UsageError */
export function refuseNoNumber(name: string, given: unknown): void {
  if (typeof given !== 'number') throw unexpected(name, 'a number', given);
}

/** How often, or how many a second. @throws UsageError */
export function refuseNoRate(name: string, given: unknown): void {
  if (!(typeof given === 'number' && Number.isFinite(given) && given > 0))
    throw unexpected(name, 'a number above 0', given);
}

/** A time that something takes. @throws UsageError */
export function refuseNoMs(name: string, given: unknown): void {
  if (!(typeof given === 'number' && given >= 0)) throw unexpected(name, 'milliseconds', given);
}

/** A whole number, also 0. @throws UsageError */
export function refuseNoWhole(name: string, given: unknown): void {
  if (!(Number.isSafeInteger(given) && (given as number) >= 0))
    throw unexpected(name, 'a whole number of at least 0', given);
}

/** What says when to end. @throws UsageError */
export function refuseNoSignal(name: string, given: unknown): void {
  const isOne = isObject(given) && typeof given['aborted'] === 'boolean';
  if (!isOne || typeof given['addEventListener'] !== 'function')
    throw unexpected(name, 'an AbortSignal', given);
}

/** A list of objects. @throws UsageError */
export function refuseObjects(name: string, given: unknown): void {
  const odd = Array.isArray(given) ? given.find((one) => !isObject(one)) : given;
  if (!Array.isArray(given) || !given.every(isObject)) throw unexpected(name, 'a list of objects', odd);
}

/** Handlers by their files. @throws UsageError */
export function refuseNoMap(name: string, given: unknown): void {
  if (!(given instanceof Map)) throw unexpected(name, 'a Map of functions', given);
}

/** A logger like those of pino. @throws UsageError */
export function refuseNoLogger(name: string, given: unknown): void {
  const isOne =
    isObject(given) && typeof given['info'] === 'function' && typeof given['child'] === 'function';
  if (!isOne) throw unexpected(name, 'a logger of pino', given);
}

/** What times are taken from. @throws UsageError */
export function refuseNoClock(name: string, given: unknown): void {
  if (!isObject(given) || typeof given['now'] !== 'function') throw unexpected(name, 'a clock', given);
}

/** A connection. @throws UsageError */
export function refuseNoLink(name: string, given: unknown): void {
  if (!isObject(given) || typeof given['streamInfo'] !== 'function')
    throw unexpected(name, 'what connect gives', given);
}

/** What runs SQL. @throws UsageError */
export function refuseNoClient(given: unknown): void {
  if (!isObject(given) || typeof given['query'] !== 'function')
    throw unexpected('client', 'a client of pg', given);
}

/** A config that was loaded. @throws UsageError */
export function refuseNoConfig(given: unknown): void {
  if (!isObject(given) || !isObject(given['streams']) || !Array.isArray(given['consumers']))
    throw unexpected('config', 'what loadConfig gives', given);
}

/** The first argument of what is done with a pipeline. @throws UsageError */
export function refuseNoPipeline(given: unknown): void {
  if (!isObject(given) || !isObject(given['config']) || !isObject(given['link']))
    throw unexpected('pipeline', 'what openPipeline or makePipeline gives', given);
}

/** What is carried out. @throws UsageError */
export function refuseNoPlan(given: unknown, from: string): void {
  if (!isObject(given) || !Array.isArray(given['items']) || !Array.isArray(given['skipped']))
    throw unexpected('plan', `what ${from} gives`, given);
}

function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
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
