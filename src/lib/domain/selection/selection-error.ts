import { UsageError } from '../../errors.js';
import { clipText, escapeLine } from '../escape.js';

const mostShown = 80;

/** A selection that can't be read: where, what was expected, and what was found. */
export class SelectionError extends UsageError {
  constructor(
    /** What was to be read. */
    readonly text: string,
    /** Where in it the mistake begins, from 0. */
    readonly at: number,
    what: string,
    /** The text that was probably meant. */
    meant?: string,
    hint?: string,
  ) {
    super(`${clipText(escapeLine(text), mostShown)}, at character ${at + 1}: ${what}`, {
      suggestions: [
        ...(meant === undefined ? [] : [didYouMean(meant)]),
        ...(hint === undefined ? [] : [hint]),
      ],
    });
    this.name = 'SelectionError';
  }
}

/** A term to copy, in quotes where a shell would take a part of it for itself: `'age:>1h'`. */
export function didYouMean(meant: string): string {
  const text = escapeLine(meant);
  return `did you mean: ${/^[\w.,:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`}`;
}

/** What was found, in quotes, as much of it as is of use. */
export function shown(text: string): string {
  return `"${clipText(escapeLine(text), mostShown)}"`;
}
