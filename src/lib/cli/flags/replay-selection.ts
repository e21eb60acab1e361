import type { LetterSelection } from '../../dlq/plan/plan-letters.js';
import { parseDeadLetterId } from '../../domain/dead-letter.js';
import { escapeLine } from '../../domain/escape.js';
import { UsageError } from '../../errors.js';
import { type FilterFlags, filtersOf } from './dead-letter-flags.js';
import { suggestCommand } from '../../suggestion.js';

/** What is done to dead letters, in the words of its command. */
export interface Verb {
  readonly name: 'replay' | 'discard' | 'archive' | 'restore' | 'edit';
  readonly done: string;
  /** It is done to archived ones only. */
  readonly amongArchived?: true;
}

export const replayVerb: Verb = { name: 'replay', done: 'replayed' };

/**
 * What the words and flags of `dlq replay`, `discard`, `archive` or `restore` select; undefined: a person has to choose. Throws UsageError when they
 * contradict each other, or when nothing is selected and there is no terminal to choose on.
 */
export function selectionOf(
  words: readonly string[],
  flags: FilterFlags & { readonly all?: boolean; readonly limit?: number | undefined },
  interactive: boolean,
  { name }: Verb = replayVerb,
): LetterSelection | undefined {
  const { ids, terms } = sortWords(words);
  const filters = filtersOf(flags, terms);
  // Where they are is not which: with it alone, one is asked to choose, or to say all.
  const { status, ...narrowing } = filters;
  const filtered = Object.keys(narrowing).length > 0 || flags.limit !== undefined;
  if (flags.all && (filtered || ids.length > 0)) {
    const others = filtered ? 'filters and --limit' : 'ids';
    throw new UsageError(`--all selects every dead letter: it can't be combined with ${others}`);
  }
  if (filtered && ids.length > 0) throw new UsageError('ids and filters: give only one of them');
  if (ids.length > 0) return { ids, ...(status === undefined ? {} : { status }) };
  if (filtered || flags.all) return { filters, ...(flags.limit === undefined ? {} : { limit: flags.limit }) };
  if (interactive) return undefined;
  throw new UsageError(
    'which dead letters? There is no terminal to choose on: give ids, terms, filters or --all',
    {
      suggestions: [
        suggestCommand('dlq list'),
        name === 'replay' || name === 'restore'
          ? suggestCommand(`dlq ${name}`, { flags: { all: true, 'dry-run': true } })
          : suggestCommand(`dlq ${name}`, {
              flags: { all: true, 'dry-run': true, reason: { blank: 'text' } },
            }),
      ],
    },
  );
}

/** Words that look like `<consumer>/<sequence>` are ids, others are terms of a selection. Throws UsageError for both. */
function sortWords(words: readonly string[]): { readonly ids: string[]; readonly terms: string[] } {
  const ids = words.filter((word) => parseDeadLetterId(word) !== undefined);
  const terms = words.filter((word) => !ids.includes(word));
  const [id, term] = [ids[0], terms[0]];
  if (id === undefined || term === undefined) return { ids, terms };
  throw new UsageError(
    `ids and terms: give only one of them; ${escapeLine(id)} is an id, ${escapeLine(term)} is not`,
    {
      suggestions: [
        'an id looks like notifications-consumer/42; the same as terms: consumer:notifications-consumer seq:42',
      ],
    },
  );
}
