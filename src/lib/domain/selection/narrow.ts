import { boundsOf, boundsOfMoment } from './compare.js';
import type { LetterStatus } from './match.js';
import { exactTexts, matchesPattern } from './pattern.js';
import type { Term } from './selection.js';

/** What the server itself can leave out. */
export interface Narrowed {
  /** Only those of these consumers; undefined: of all. */
  readonly consumers: readonly string[] | undefined;
  /** Not dead before this, ms since 1970. */
  readonly fromMs: number | undefined;
  /** The terms that are still to be matched. */
  readonly rest: readonly Term[];
  /** They leave nothing out that the server does not leave out already. */
  readonly wholly: boolean;
}

export function narrow(terms: readonly Term[], nowMs: number): Narrowed {
  let consumers: readonly string[] | undefined;
  let fromMs: number | undefined;
  let wholly = true;
  const rest: Term[] = [];
  for (const term of terms) {
    const names = consumersOf(term);
    const from = names ? undefined : earliestOf(term, nowMs);
    if (names) consumers = consumers?.filter((name) => names.includes(name)) ?? names;
    else rest.push(term);
    if (from) fromMs = Math.max(fromMs ?? 0, from.ms);
    wholly &&= names !== undefined || from?.alone === true;
  }
  return { consumers, fromMs, rest, wholly };
}

/** The names of a term that says nothing but names. */
function consumersOf(term: Term): string[] | undefined {
  const { key, not, values } = term;
  if (key !== 'consumer' || not) return undefined;
  const names = exactTexts(term);
  return names.length === values.length ? [...new Set(names)] : undefined;
}

/** The first ms of those that a term lets pass; `alone`: it says no more than that. */
function earliestOf(
  { key, not, values }: Term,
  nowMs: number,
): { readonly ms: number; readonly alone: boolean } | undefined {
  const [value, ...others] = values;
  if (not || value === undefined || others.length > 0) return undefined;
  if (key === 'dead' && value.is === 'moment') {
    const { min, max, aboveMin } = boundsOfMoment(value.comparison);
    return earliest(min, aboveMin, max === Number.POSITIVE_INFINITY);
  }
  if (key === 'age' && value.is === 'number') {
    const { min, max, belowMax } = boundsOf(value.comparison);
    return earliest(nowMs - max, belowMax, min === Number.NEGATIVE_INFINITY);
  }
  return undefined;
}

function earliest(
  ms: number,
  exclusive: true | undefined,
  alone: boolean,
): { readonly ms: number; readonly alone: boolean } | undefined {
  return Number.isFinite(ms) ? { ms: Math.max(0, exclusive ? ms + 1 : ms), alone } : undefined;
}

const all: readonly LetterStatus[] = ['dead', 'archived'];

/** Which dead letters are to be looked at: those in the DLQ, unless a term says more. */
export function statusesMeant(terms: readonly Term[]): readonly LetterStatus[] {
  const own = terms.filter(({ key }) => key === 'status');
  if (own.length === 0) return ['dead'];
  return all.filter((status) => own.every((term) => holds(term, status)));
}

/** Does a term say it? */
export function statusesNamed(terms: readonly Term[]): boolean {
  return terms.some(({ key }) => key === 'status');
}

function holds({ values, not }: Term, status: LetterStatus): boolean {
  return values.some((value) => value.is === 'text' && matchesPattern(value.pattern, status)) !== not;
}
