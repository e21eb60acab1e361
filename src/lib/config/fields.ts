import { z } from 'zod';
import { formatDuration, parseDuration } from '../domain/duration.js';
import { nanosOfRfc3339 } from '../domain/time.js';
import { parseSize } from './size.js';
import { isStandardSchema, type StandardSchema } from './standard-schema.js';

/**
 * The kinds of values in a config. The error of each says what is expected; config/issues adds what was found.
 */

/** Node's timers end at 2^31 - 1 ms and fire at once beyond. */
export const longestTimerMs = 24 * 86_400_000;

export const text = () => z.string({ error: 'a text' }).min(1, 'a text that is not empty');

export const flag = () => z.boolean({ error: 'true or false' });

export const oneOf = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.enum(values, { error: values.map((value) => JSON.stringify(value)).join(' or ') });

export function count(min: number, max: number) {
  const expected =
    max === Number.MAX_SAFE_INTEGER
      ? `a whole number, ${min} or more`
      : `a whole number from ${min} to ${max}`;
  return z
    .number({ error: expected })
    .int({ error: expected, abort: true })
    .min(min, { error: expected, abort: true })
    .max(max, expected);
}

export interface DurationRange {
  readonly minMs?: number;
  readonly maxMs?: number;
  /** What a duration of 0 means, where it means something of its own. */
  readonly zero?: string;
}

/** Text like `5m`. A number is refused: its unit would be a guess. */
export function duration({ minMs = 0, maxMs = Number.POSITIVE_INFINITY, zero }: DurationRange) {
  const bounds = [
    ...(minMs > 0 ? [`at least ${formatDuration(minMs)}`] : []),
    ...(Number.isFinite(maxMs) ? [`at most ${formatDuration(maxMs)}`] : []),
  ].join(' and ');
  const expected = 'a duration like 5m';
  const within = `${expected}, ${bounds}${zero === undefined ? '' : ` (0s: ${zero})`}`;
  const inRange = (found: string): boolean => {
    const ms = parseDuration(found) ?? 0;
    return (ms === 0 && zero !== undefined) || (ms >= minMs && ms <= maxMs);
  };
  return z
    .string({ error: expected })
    .regex(/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/, { error: expected, abort: true })
    .refine((found) => parseDuration(found) !== undefined, {
      error: `${expected}, at most 100 years`,
      abort: true,
    })
    .refine(inRange, { error: within });
}

export function size() {
  const expected = { error: 'a size like 10GB or a number of bytes', abort: true };
  return either(expected.error, [
    z.number().int(expected).min(1, expected),
    z
      .string()
      .regex(/^\d{1,15}(?:\.\d{1,6})? ?(?:B|[KMGT]i?B)?$/, expected)
      .refine((found) => parseSize(found) !== undefined, expected),
  ]);
}

export function time() {
  const expected = 'a time like 2026-01-31T12:00:00Z';
  return z
    .string({ error: expected })
    .refine((found) => nanosOfRfc3339(found) !== undefined, { error: expected })
    .meta({ format: 'date-time' });
}

export function webUrl() {
  const expected = 'an http or https URL';
  return z
    .string({ error: expected })
    .refine((found) => URL.canParse(found) && /^https?:$/.test(new URL(found).protocol), { error: expected })
    .meta({ format: 'uri' });
}

export function list<T extends z.ZodType>(item: T, { empty = false } = {}) {
  const array = z.array(item, { error: 'a list' });
  return empty ? array : array.min(1, 'a list with at least one entry');
}

/** One of several shapes; `expected` says which. At most one of them is an object. */
export const either = <const T extends readonly [z.ZodType, ...z.ZodType[]]>(expected: string, shapes: T) =>
  z.union(shapes, { error: expected });

/** The only retention that an events stream may have. */
export const onlyLimits = () =>
  z.literal('limits', {
    error: '"limits" (interest and workqueue remove what was acked, and pointers to it would dangle)',
  });

export const standardSchema = () =>
  z.custom<StandardSchema>(isStandardSchema, { error: 'a Standard Schema, e.g. of zod, valibot or arktype' });
