import { checkOptions, type Checks, oneOf } from '../domain/options.js';
import { refuseNoText, refuseNoWhole, refuseTime, unexpected } from '../domain/given.js';
import { parseSelection, parseSelectionWords } from '../domain/selection/parse.js';
import type { LetterStatus } from '../domain/selection/match.js';
import { momentTerm, numberTerm, textTerm } from '../domain/selection/make-term.js';
import { isBlank } from '../domain/selection/pattern.js';
import { printTerm } from '../domain/selection/print.js';
import { didYouMean } from '../domain/selection/selection-error.js';
import type { Selection, Term } from '../domain/selection/selection.js';
import { escapeLine } from '../domain/escape.js';
import { isFilter, isName } from '../domain/subjects.js';
import { inUtc } from '../domain/time.js';
import { UsageError } from '../errors.js';

/** Which dead letters are meant; all conditions must hold. Without any: every one. */
export interface DeadLetterFilters {
  /** Terms like `age:>1h`, see `parseSelection`; the fields below are short forms of some of them. */
  readonly selection?: string | Selection;
  /** Its name. */
  readonly consumer?: string;
  /** Of the original; `*` is one token, `>` is one or more at the end. */
  readonly subject?: string;
  /** In the DLQ, or archived. Default, where no term says it: in the DLQ. */
  readonly status?: LetterStatus;
  /** Part of the reason, whatever the case, or the whole fingerprint. Not blank: that would be every one. */
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
  const { selection, consumer, subject, status, reason, minCycle, maxCycle, sinceMs, untilMs } = filters;
  const parsed = typeof selection === 'string' ? parseSelection(selection) : selection;
  for (const wanted of parsed?.terms ?? []) refuseEmpty(wanted);
  return {
    terms: [
      ...(consumer === undefined ? [] : [textTerm('consumer', consumer)]),
      ...(subject === undefined ? [] : [textTerm('subject', subject.split('*'))]),
      ...(status === undefined ? [] : [textTerm('status', status)]),
      ...(reason === undefined ? [] : [textTerm('reason', reason)]),
      ...(minCycle === undefined ? [] : [numberTerm('cycle', '>=', minCycle)]),
      ...(maxCycle === undefined ? [] : [numberTerm('cycle', '<=', maxCycle)]),
      ...(sinceMs === undefined ? [] : [momentTerm('dead', '>=', sinceMs)]),
      ...(untilMs === undefined ? [] : [momentTerm('dead', '<=', untilMs)]),
      ...(parsed?.terms ?? []),
    ],
  };
}

/** A term of no parser may say nothing: with `-` it would hold for all. */
function refuseEmpty(wanted: Term): void {
  const { key, values } = wanted;
  if (values.length > 0 && !values.some((value) => value.is === 'text' && isBlank(key, value.pattern)))
    return;
  throw new UsageError(`${printTerm(wanted)}: expected a value, found nothing`);
}

const filterChecks = {
  selection: (name, given) => {
    const isParsed =
      typeof given === 'object' && given !== null && 'terms' in given && Array.isArray(given.terms);
    if (typeof given !== 'string' && !isParsed)
      throw unexpected(name, 'terms as text, or what parseSelection gives', given);
  },
  consumer: refuseNoText,
  subject: refuseNoText,
  status: oneOf('dead', 'archived'),
  reason: refuseNoText,
  minCycle: refuseNoWhole,
  maxCycle: refuseNoWhole,
  sinceMs: refuseTime,
  untilMs: refuseTime,
} as const satisfies Checks<DeadLetterFilters>;

function checkFilters(filters: DeadLetterFilters): void {
  // What is not understood would select every dead letter.
  checkOptions(filterChecks, filters, 'filters');
  const { consumer, subject, reason, sinceMs, untilMs } = filters;
  if (consumer !== undefined && !isName(consumer)) {
    throw new UsageError(`consumer: expected a name, found "${escapeLine(consumer)}"`, {
      suggestions: asTerm(`consumer:${consumer}`),
    });
  }
  if (subject !== undefined && !isFilter(subject)) {
    throw new UsageError(`subject: expected a subject like events.totp.*, found "${subject}"`);
  }
  if (reason !== undefined && isBlank('reason', [reason])) {
    throw new UsageError(`reason: expected some text of the reason, found "${escapeLine(reason)}"`);
  }
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs) {
    const [since, until] = [sinceMs, untilMs].map((ms) => inUtc(new Date(ms).toISOString()));
    throw new UsageError(`since (${since}) is after until (${until})`);
  }
}

/** Terms take several names, and `*`. */
function asTerm(word: string): readonly string[] {
  try {
    const { terms } = parseSelectionWords([word]);
    return [didYouMean(terms.map(printTerm).join(' '))];
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}
