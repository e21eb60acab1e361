import { clipText } from './escape.js';

/** What an error came from: the text that its message gets, and its stack. */
export interface Cause {
  readonly text: string;
  readonly stack?: string;
}

/** Stands before each cause in a message. */
export const causeMark = '; cause: ';

const mostCauses = 8;
const mostLevels = 8;
const longestText = 512;

/** Names that say nothing. */
const plainNames: readonly (string | undefined)[] = [undefined, 'Error', 'AggregateError'];

/** The value of a property, whatever reading it does. */
export function readAny(thrown: unknown, name: PropertyKey): unknown {
  try {
    return (thrown as Record<PropertyKey, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** As `readAny`, where it is a text that says something. */
export function readText(thrown: unknown, name: PropertyKey): string | undefined {
  const value = readAny(thrown, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * What an error came from, down to the first: its `cause`, and the `errors` of an AggregateError. At most 8, at most 8
 * deep, each once. `describe` makes a text of what is not an error.
 */
export function causesOf(thrown: unknown, describe: (value: unknown) => string): readonly Cause[] {
  if (!hasCauses(thrown)) return none;
  const found: Cause[] = [];
  const seen = new Set<unknown>([thrown]);
  const walk = (value: unknown, level: number): void => {
    for (const one of behind(value)) {
      if (found.length >= mostCauses || seen.has(one)) continue;
      seen.add(one);
      const cause = causeOf(one, describe);
      if (cause) found.push(cause);
      if (level < mostLevels) walk(one, level + 1);
    }
  };
  walk(thrown, 1);
  return found;
}

/** Asked of each failure: most have none. */
function hasCauses(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false;
  return (readAny(thrown, 'cause') ?? readAny(thrown, 'errors') ?? null) !== null;
}

const none: readonly Cause[] = [];

function behind(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const cause = readAny(value, 'cause');
  return [...(cause === undefined || cause === null ? [] : [cause]), ...errorsIn(value)];
}

function errorsIn(value: object): unknown[] {
  try {
    const errors = readAny(value, 'errors');
    return Array.isArray(errors) ? errors.slice(0, mostCauses) : [];
  } catch {
    return [];
  }
}

/** Undefined: it only holds others. */
function causeOf(value: unknown, describe: (value: unknown) => string): Cause | undefined {
  const message = readText(value, 'message') ?? (behind(value).length > 0 ? '' : describe(value));
  const [name, code] = [readText(value, 'name'), readText(value, 'code')];
  const named = plainNames.includes(name) || message === '' ? message : `${name}: ${message}`;
  const text = code === undefined || named === '' || named.includes(code) ? named : `${named} (${code})`;
  if (text === '') return undefined;
  const stack = readText(value, 'stack');
  return { text: clipText(text, longestText), ...(stack === undefined ? {} : { stack }) };
}
