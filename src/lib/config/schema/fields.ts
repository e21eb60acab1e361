import * as z from 'zod/mini';
import { _default as defaultTo } from 'zod/mini';
import { longestRateMs, parseRate, shortestRateMs } from '../../domain/alert-rate.js';
import { formatDuration, parseDuration } from '../../domain/duration.js';
import { nanosOfRfc3339 } from '../../domain/time.js';
import { isKeyReference } from '../../domain/key-reference.js';
import { parseSize } from './size.js';
import { isStandardSchema, type StandardSchema } from './standard-schema.js';

/**
 * The kinds of values in a config. The error of each says what is expected; config/issues adds what was found.
 */

/** What the JSON Schema says of types. Our own: zod's global one belongs to the program that imports this library. */
export const metadata = z.registry<Record<string, unknown>>();

function withMetadata<T extends z.ZodMiniType>(type: T, facts: Record<string, unknown>): T {
  metadata.add(type, { ...metadata.get(type), ...facts });
  return type;
}

/** By itself zod compares the `length` of whatever has one, also of an object that can't be compared. */
const whereItCounts = ({ value }: { readonly value: unknown }): boolean =>
  typeof value === 'string' || Array.isArray(value);

const notEmpty = (error: string) => {
  const params = { error, when: whereItCounts };
  return z.minLength(1, params);
};

export const text = () => z.string({ error: 'a string' }).check(notEmpty('a non-empty string'));

/**
 * Patterns for editors, which see the JSON Schema only: a little looser than the checks of config/checks, which say
 * what is wrong. A token is anything without blanks, dots and wildcards.
 */
const token = '[^\\s.*>]+';
const patterns = {
  name: '^[A-Za-z0-9_-]{1,128}$',
  consumer: '^(?!meta-consumer)(?!.*-(?:retry|dlq)$)[A-Za-z0-9_-]{1,128}$',
  subject: `^${token}(?:\\.${token})*$`,
  filter: `^(?:>|(?:\\*|${token})(?:\\.(?:\\*|${token}))*(?:\\.>)?)$`,
  stored: `^(?!\\$|_INBOX(?:\\.|$))${token}(?:\\.(?:\\*|${token}))*(?:\\.>)?$`,
} as const;

/** A text of which config/checks look at the form. */
export const named = (kind: keyof typeof patterns) => withMetadata(text(), { pattern: patterns[kind] });

/** The same for the keys of an object. Nothing but the JSON Schema looks at it. */
export const key = (kind: keyof typeof patterns) => withMetadata(z.string(), { pattern: patterns[kind] });

export const flag = () => z.boolean({ error: 'true or false' });

export const oneOf = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.enum(values, { error: values.map((value) => JSON.stringify(value)).join(' or ') });

export function count(min: number, max: number) {
  const expected =
    max === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${min}`
      : `a whole number from ${min} to ${max}`;
  return z
    .number({ error: expected })
    .check(
      z.int({ error: expected, abort: true }),
      z.gte(min, { error: expected, abort: true }),
      z.lte(max, expected),
    );
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
  return z.string({ error: expected }).check(
    z.regex(/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/, { error: expected, abort: true }),
    z.refine((found) => parseDuration(found) !== undefined, {
      error: `${expected}, at most 100 years`,
      abort: true,
    }),
    z.refine(inRange, { error: within }),
  );
}

/** So many in such a time, like `10/1m`. */
export function rate() {
  const expected = `a number in a time like 10/1m, of ${formatDuration(shortestRateMs)} to ${formatDuration(longestRateMs)}`;
  return z.string({ error: expected }).check(
    z.regex(/^\d{1,9}\/(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/, { error: expected, abort: true }),
    z.refine((found) => parseRate(found) !== undefined, { error: expected }),
  );
}

export function size() {
  const expected = { error: 'a size like 10GB or a number of bytes', abort: true };
  return either(expected.error, [
    z.number().check(z.int(expected), z.gte(1, expected)),
    z.string().check(
      z.regex(/^\d{1,15}(?:\.\d{1,6})? ?(?:B|[KMGT]i?B)?$/, expected),
      z.refine((found) => parseSize(found) !== undefined, expected),
    ),
  ]);
}

export function time() {
  const expected = 'a time like 2026-01-31T12:00:00Z';
  const isTime = z.refine<string>((found) => nanosOfRfc3339(found) !== undefined, { error: expected });
  return withMetadata(z.string({ error: expected }).check(isTime), { format: 'date-time' });
}

export function webUrl() {
  const expected = 'an http or https URL';
  const isWebUrl = (found: string): boolean =>
    URL.canParse(found) && /^https?:$/.test(new URL(found).protocol);
  const type = z.string({ error: expected }).check(z.refine(isWebUrl, { error: expected }));
  return withMetadata(type, { format: 'uri' });
}

/** A name that NATS can carry, and that is not the server's own. */
export function headerName() {
  const expected = 'a header name of printable ASCII without space and colon, not Nats-…';
  return z.string({ error: expected }).check(z.regex(/^(?![Nn]ats-)[!-9;-~]+$/, { error: expected }));
}

/** Where a key is. The key itself has no place in a config. */
export function keyReference() {
  const expected = 'env://NAME or file://<path>, and never the key itself';
  const type = z.string({ error: expected }).check(z.refine(isKeyReference, { error: expected }));
  return withMetadata(type, { pattern: '^(?:env://[A-Za-z_]\\w*|file://.+)$' });
}

export function list<T extends z.ZodMiniType>(item: T, { empty = false } = {}) {
  const array = z.array(item, { error: 'a list' });
  return empty ? array : array.check(notEmpty('a list with at least one entry'));
}

/** One of several shapes; `expected` says which. At most one of them is an object. */
export const either = <const T extends readonly [z.ZodMiniType, ...z.ZodMiniType[]]>(
  expected: string,
  shapes: T,
) => z.union(shapes, { error: expected });

/** The only retention that an events stream may have. */
export const onlyLimits = () =>
  z.literal('limits', {
    error: '"limits" (interest and workqueue remove what was acked, and pointers to it would dangle)',
  });

export const standardSchema = () =>
  z.custom<StandardSchema>(isStandardSchema, { error: 'a Standard Schema, e.g. of zod, valibot or arktype' });

/** A type with what `config schema` says of it. */
export function described<T extends z.ZodMiniType>(type: T, description: string, byDefault?: unknown): T {
  return withMetadata(type, { ...(byDefault === undefined ? {} : { default: byDefault }), description });
}

/** May be left out. `byDefault` is what config/resolve then puts in, where it depends on other fields. */
export const optional = <T extends z.ZodMiniType>(type: T, description: string, byDefault?: unknown) =>
  described(z.optional(type), description, byDefault);

/** Is `value` when it is left out. */
export const withDefault = <T extends z.ZodMiniType>(
  type: T,
  value: z.core.util.NoUndefined<z.output<T>>,
  description: string,
) => described(defaultTo(type, value), description);

/** A part that may be left out as a whole: it is then what the defaults of its fields say. */
export const section = <const T extends z.core.$ZodLooseShape>(fields: T, description: string) =>
  described(z.prefault(z.strictObject(fields), {} as z.input<z.ZodMiniObject<T>>), description);
