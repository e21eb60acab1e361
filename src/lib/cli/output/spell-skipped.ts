import type { SkippedLetter } from '../../dlq/plan/plan-letters.js';
import { type Caller, spelledOut } from '../../render/suggestion.js';

/** A plan or a result, with what can be done about those that are skipped in words. */
export function spellSkipped<T extends { readonly skipped: readonly SkippedLetter[] }>(
  facts: T,
  caller: Caller,
): T {
  return { ...facts, skipped: facts.skipped.map((one) => spelledOut(one, 'reason', caller)) };
}
