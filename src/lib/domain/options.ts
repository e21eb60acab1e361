import { UsageError } from '../errors.js';
import { closest } from './closest.js';
import { escapeLine } from './escape.js';
import { refuseNoObject, unexpected } from './given.js';

/** Says what a value is not. It is not asked about what is undefined. */
export type Check = (name: string, given: unknown) => void;

/** A check for each option: one that is new is not forgotten. */
export type Checks<T> = { readonly [K in keyof T]-?: Check };

/**
 * Refuses what are no options, those that nobody knows, and those of another type. An option that is undefined is not
 * given.
 *
 * @throws UsageError
 */
export function checkOptions(
  checks: Readonly<Record<string, Check>>,
  given: unknown,
  what = 'options',
): void {
  refuseNoObject(what, given ?? null);
  for (const [name, value] of Object.entries(given as object)) {
    if (value === undefined) continue;
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) throw unknownOption(what, name, Object.keys(checks));
    check(name, value);
  }
}

/** The same, for options that have to be given. @throws UsageError */
export function requireOptions(
  checks: Readonly<Record<string, Check>>,
  given: unknown,
  required: readonly string[],
  what = 'options',
): void {
  checkOptions(checks, given, what);
  for (const name of required) {
    if ((given as Readonly<Record<string, unknown>>)[name] === undefined) checks[name]?.(name, undefined);
  }
}

function unknownOption(what: string, name: string, known: readonly string[]): UsageError {
  const near = closest(name, known);
  return new UsageError(`${what}: expected ${known.join(', ')}, found "${escapeLine(name)}"`, {
    suggestions: near === undefined ? [] : [`did you mean ${near}?`],
  });
}

/** One of these words. */
export function oneOf(...words: readonly string[]): Check {
  return (name, given) => {
    if (typeof given !== 'string' || !words.includes(given))
      throw unexpected(name, words.join(' or '), given);
  };
}

/** One of these, each of another type. */
export function anyOf(
  expected: string,
  ...types: readonly ('string' | 'number' | 'object' | Check)[]
): Check {
  return (name, given) => {
    const is = types.some((type) => (typeof type === 'function' ? passes(type, given) : isOf(type, given)));
    if (!is) throw unexpected(name, expected, given);
  };
}

function isOf(type: 'string' | 'number' | 'object', given: unknown): boolean {
  return typeof given === type && given !== null && !Array.isArray(given);
}

function passes(check: Check, given: unknown): boolean {
  try {
    check('', given);
    return true;
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}
