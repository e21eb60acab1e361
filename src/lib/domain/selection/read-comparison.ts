import { durationMeant, parseDuration } from '../duration.js';
import { isoMoment, spanOfMoment } from '../moment.js';
import type { Comparison, Operator } from './selection.js';
import { SelectionError, shown } from './selection-error.js';

/** Reads what is compared; undefined: it is no such thing. */
type Read<T> = (text: string) => T | undefined;

/** What may be compared, and how to say it. */
export interface Kind<T> {
  readonly read: Read<T>;
  readonly example: string;
  readonly isAfter: (from: T, to: T) => boolean;
  readonly meant?: (text: string) => string | undefined;
  /** Nothing is exactly so. */
  readonly onlyRanges?: true;
  /** What to do where something else was meant. */
  readonly hint?: string;
}

const above = (from: number, to: number): boolean => from > to;

export const count: Kind<number> = {
  read: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
  example: 'a whole number like 3, >=3 or 1..3',
  isAfter: above,
};

export const duration: Kind<number> = {
  read: parseDuration,
  example: 'a comparison with a duration, like >1h, <=30m or 1h..2h',
  isAfter: above,
  meant: durationMeant,
  onlyRanges: true,
};

export const moment: Kind<string> = {
  read: isoMoment,
  example: 'a date or time, like 2026-11-20, >=2026-11-20T12:00Z or 2026-11-20..2026-11-21',
  isAfter: (from, to) => (spanOfMoment(from)?.fromMs ?? 0) > (spanOfMoment(to)?.toMs ?? 0),
};

/** Said where text begins, or has dots, as a comparison does. */
export const quoteIt = 'put it in double quotes where it is text';

export const dataNumber: Kind<number> = {
  read: (text) => {
    const number = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
    // There is one zero.
    return Number.isFinite(number) ? number + 0 : undefined;
  },
  example: 'a comparison with a number, like >100, <=0.5 or 1..5',
  hint: quoteIt,
  isAfter: above,
};

const operator = /^(?:>=|<=|>|<)/;

/** Does a value begin as a comparison does? */
export function isComparison(text: string): boolean {
  return operator.test(text);
}

/** Are there two dots, with a number at one side at least? */
export function isRange(text: string): boolean {
  const dots = text.indexOf('..');
  if (dots === -1) return false;
  return [text.slice(0, dots), text.slice(dots + 2)].some((end) => dataNumber.read(end) !== undefined);
}

/** Where a value stands, and what it belongs to. */
export interface ValuePlace {
  /** All that is read. */
  readonly text: string;
  /** Where the value begins in it. */
  readonly at: number;
  /** Behind its last character. */
  readonly end: number;
  /** As it is written before the colon. */
  readonly key: string;
}

/** What a value compares with. `plain`: the value without its quotes. */
export function readComparison<T>(
  { text, at, key }: ValuePlace,
  plain: string,
  kind: Kind<T>,
): Comparison<T> {
  const refuse = (found: string, offset: number): SelectionError => {
    const meant = kind.meant?.(found);
    const end = at + offset + found.length;
    return new SelectionError(
      text,
      at + offset,
      `${key}: expected ${kind.example}, found ${shown(found)}`,
      meant === undefined ? undefined : `${text.slice(0, at + offset)}${meant}${text.slice(end)}`,
      kind.hint,
    );
  };
  const op = operator.exec(plain)?.[0] as Operator | undefined;
  const dots = plain.indexOf('..');
  if (op === undefined && dots !== -1) {
    const from = kind.read(plain.slice(0, dots));
    if (from === undefined) throw refuse(plain.slice(0, dots), 0);
    const to = kind.read(plain.slice(dots + 2));
    if (to === undefined) throw refuse(plain.slice(dots + 2), dots + 2);
    if (!kind.isAfter(from, to)) return { from, to };
    throw new SelectionError(
      text,
      at,
      `${key}: ${plain.slice(0, dots)} is more than ${plain.slice(dots + 2)}`,
    );
  }
  const rest = plain.slice(op?.length ?? 0);
  const value = kind.read(rest);
  if (value === undefined) throw refuse(rest, op?.length ?? 0);
  if (op === undefined && kind.onlyRanges) {
    throw new SelectionError(
      text,
      at,
      `${key}: expected ${kind.example}, found ${shown(plain)}`,
      `${text.slice(0, at)}>${text.slice(at)}`,
    );
  }
  return { op: op ?? '=', value };
}
