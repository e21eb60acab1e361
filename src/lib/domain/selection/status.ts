import { type LetterStatus } from './match.js';
import { matchesPattern } from './pattern.js';
import type { Term } from './selection.js';

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
