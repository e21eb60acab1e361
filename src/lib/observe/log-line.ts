import type { Suggestion } from '../suggestion.js';

/** A line of the log about an event. */
export interface LogLine<E> {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
  /** It is about these events only. */
  readonly when?: (event: E) => boolean;
  readonly fields: (event: E) => object;
  /** What can be done about it. */
  readonly next?: (event: E) => readonly Suggestion[];
}
