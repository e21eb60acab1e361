import { factsOf, isSelectionKey, selectionKeys, takesPath } from '../../domain/selection/selection.js';
import type { Candidate, Sources } from './completion.js';
import { ofKey } from './values.js';

/** How a term of a selection could go on: its key, or one of the values that are known of that. */
export async function termsLike(typed: string, sources: Sources): Promise<readonly Candidate[]> {
  const sign = typed.startsWith('-') ? '-' : '';
  const colon = typed.indexOf(':');
  if (colon === -1) return Object.keys(selectionKeys).filter(isSelectionKey).map(keyed(sign));
  const key = typed.slice(sign.length, colon);
  const choices = isSelectionKey(key) ? factsOf(key).choices?.map((word): Candidate => ({ word })) : [];
  const source = ofKey[key];
  // Several values stand behind each other: a comma is or.
  const before = typed.slice(0, Math.max(colon, typed.lastIndexOf(',')) + 1);
  const values = [...(choices ?? []), ...(source ? await sources[source]() : [])];
  return values.map(({ word, about }) => ({ word: before + word, about }));
}

function keyed(sign: string) {
  return (key: keyof typeof selectionKeys): Candidate => ({
    word: `${sign}${key}${takesPath(key) ? '.' : ':'}`,
    about: sign === '' ? 'term' : 'term that must not hold',
  });
}
