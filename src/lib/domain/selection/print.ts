import { refuseNoObject, refuseObjects } from '../given.js';
import { formatDuration } from '../duration.js';
import {
  type Comparison,
  factsOf,
  keyText,
  type Pattern,
  type Selection,
  type Term,
  type Value,
} from './selection.js';

/** The text of a selection: parsed again, it is the same selection. */
export function printSelection(selection: Selection): string {
  refuseNoObject('selection', selection ?? null);
  refuseObjects('terms', selection.terms ?? null);
  const { terms } = selection;
  return terms.map(printTerm).join(' ');
}

export function printTerm(term: Term): string {
  const values = term.values.map((value) => printValue(term, value)).join(',');
  const key = term.key === 'reason' && isWord.test(values) ? '' : `${keyText(term)}:`;
  return `${term.not ? '-' : ''}${key}${values}`;
}

/** What is a word of a reason also without its key. */
const isWord = /^[A-Za-z0-9][\w.*,/-]*$/;

function printValue(term: Term, value: Value): string {
  if (value.is === 'text') return printPattern(value.pattern);
  if (value.is === 'moment') return printComparison(value.comparison, (text) => text);
  const isDuration = factsOf(term.key).takes === 'duration';
  return printComparison(value.comparison, isDuration ? formatDuration : String);
}

function printComparison<T>(comparison: Comparison<T>, print: (value: T) => string): string {
  if ('from' in comparison) return `${print(comparison.from)}..${print(comparison.to)}`;
  const { op, value } = comparison;
  return `${op === '=' ? '' : op}${print(value)}`;
}

function printPattern(pattern: Pattern): string {
  return pattern.length === 1 ? printText(pattern[0] ?? '') || '""' : pattern.map(printText).join('*');
}

/** Nothing in it has a meaning of its own: two dots may stand for a range. */
const plain = /^(?![<>])(?!.*\.\.)[^\s",*\\]+$/;

function printText(text: string): string {
  return text === '' || plain.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
