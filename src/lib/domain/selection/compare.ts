import { spanOfMoment } from '../moment.js';
import type { Comparison, Operator } from './selection.js';

/** The numbers that a comparison lets pass; whole ms for moments. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** `min` itself does not pass. */
  readonly aboveMin?: true;
  /** `max` itself does not pass. */
  readonly belowMax?: true;
}

/** What begins and ends at a value: a number does at itself, a date does not. */
interface Span {
  readonly from: number;
  readonly to: number;
}

export function boundsOf(comparison: Comparison<number>): Bounds {
  return bounds(comparison, (value) => ({ from: value, to: value }));
}

export function boundsOfMoment(comparison: Comparison<string>): Bounds {
  return bounds(comparison, (text) => {
    const span = spanOfMoment(text);
    return span ? { from: span.fromMs, to: span.toMs } : { from: Number.NaN, to: Number.NaN };
  });
}

function bounds<T>(comparison: Comparison<T>, spanOf: (value: T) => Span): Bounds {
  const [min, max] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if ('from' in comparison) return { min: spanOf(comparison.from).from, max: spanOf(comparison.to).to };
  const { from, to } = spanOf(comparison.value);
  const all: Readonly<Record<Operator, Bounds>> = {
    '=': { min: from, max: to },
    '>': { min: to, max, aboveMin: true },
    '>=': { min: from, max },
    '<': { min, max: from, belowMax: true },
    '<=': { min, max: to },
  };
  return all[comparison.op];
}

export function isWithin({ min, max, aboveMin, belowMax }: Bounds, value: number): boolean {
  return (aboveMin ? value > min : value >= min) && (belowMax ? value < max : value <= max);
}
