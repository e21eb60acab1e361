import { parseSelection } from '../domain/selection/parse.js';
import { momentTerm, numberTerm, textTerm } from '../domain/selection/make-term.js';
import type { Selection } from '../domain/selection/selection.js';
import { isFilter, isName } from '../domain/subjects.js';
import { UsageError } from '../errors.js';

/** Which dead letters are meant; all conditions must hold. Without any: every one. */
export interface DeadLetterFilters {
  /** Terms like `age:>1h`, see `parseSelection`; the fields below are short forms of some of them. */
  readonly selection?: string | Selection;
  /** Its name. */
  readonly consumer?: string;
  /** Of the original; `*` is one token, `>` is one or more at the end. */
  readonly subject?: string;
  /** Part of the reason, whatever the case, or the whole fingerprint. */
  readonly reason?: string;
  /** Replayed at least so many times, and dead again. */
  readonly minCycle?: number;
  /** Replayed at most so many times. */
  readonly maxCycle?: number;
  /** Not dead before this time, ms since 1970. */
  readonly sinceMs?: number;
  /** Not dead after this time, ms since 1970. */
  readonly untilMs?: number;
}

/** One selection of all that was given. @throws UsageError for what has no form */
export function selectionOfFilters(filters: DeadLetterFilters): Selection {
  checkFilters(filters);
  const { selection, consumer, subject, reason, minCycle, maxCycle, sinceMs, untilMs } = filters;
  const parsed = typeof selection === 'string' ? parseSelection(selection) : selection;
  return {
    terms: [
      ...(consumer === undefined ? [] : [textTerm('consumer', consumer)]),
      ...(subject === undefined ? [] : [textTerm('subject', subject.split('*'))]),
      ...(reason === undefined || reason === '' ? [] : [textTerm('reason', reason)]),
      ...(minCycle === undefined ? [] : [numberTerm('cycle', '>=', minCycle)]),
      ...(maxCycle === undefined ? [] : [numberTerm('cycle', '<=', maxCycle)]),
      ...(sinceMs === undefined ? [] : [momentTerm('dead', '>=', sinceMs)]),
      ...(untilMs === undefined ? [] : [momentTerm('dead', '<=', untilMs)]),
      ...(parsed?.terms ?? []),
    ],
  };
}

function checkFilters({ consumer, subject, sinceMs, untilMs }: DeadLetterFilters): void {
  if (consumer !== undefined && !isName(consumer)) {
    throw new UsageError(`consumer: expected a name, found "${consumer}"`);
  }
  if (subject !== undefined && !isFilter(subject)) {
    throw new UsageError(`subject: expected a subject like events.totp.*, found "${subject}"`);
  }
  for (const [name, ms] of Object.entries({ sinceMs, untilMs })) {
    if (Number.isNaN(ms)) throw new UsageError(`${name}: expected milliseconds since 1970, found NaN`);
  }
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs) {
    const [since, until] = [sinceMs, untilMs].map((ms) => new Date(ms).toISOString());
    throw new UsageError(`since (${since}) is after until (${until})`);
  }
}
