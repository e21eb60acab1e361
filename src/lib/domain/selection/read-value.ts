import { closest } from '../closest.js';
import { isFilter, isName } from '../subjects.js';
import { exactText, isBlank } from './pattern.js';
import {
  count,
  dataNumber,
  duration,
  isComparison,
  isRange,
  moment,
  quoteIt,
  readComparison,
  type ValuePlace,
} from './read-comparison.js';
import type { Written } from './scan.js';
import { factsOf, keyText, type Pattern, type SelectionKey, type Term, type Value } from './selection.js';
import { SelectionError, shown } from './selection-error.js';

/** What a value of this key means. */
export function readValue(text: string, named: Pick<Term, 'key' | 'path'>, written: Written): Value {
  const { key } = named;
  const { parts, at, end } = written;
  const place: ValuePlace = { text, at, end, key: keyText(named) };
  const [first] = parts;
  const plain = parts.map((part) => part.text).join('');
  const isBare = parts.every((part) => !part.quoted);
  if (first === undefined || (isBare && plain.trim() === '')) throw nothingThere(place, key);
  const compares = !first.quoted && isComparison(first.text);
  const ranges = isBare && isRange(plain);
  switch (factsOf(key).takes) {
    case 'count':
      return { is: 'number', comparison: readComparison(place, plain, count) };
    case 'duration':
      return { is: 'number', comparison: readComparison(place, plain, duration) };
    case 'moment':
      return { is: 'moment', comparison: readComparison(place, plain, moment) };
    case 'data':
      return compares || ranges
        ? { is: 'number', comparison: readComparison(place, plain, dataNumber) }
        : { is: 'text', pattern: patternOf(written) };
    default:
      // `>` is the subject of all.
      if (compares && !(key === 'subject' && plain === '>')) throw isText(place, 'not compared with < or >');
      if (ranges && key === 'header') throw isText(place, 'has no ranges');
  }
  const pattern = patternOf(written);
  checkText(place, key, pattern, plain);
  return { is: 'text', pattern };
}

function nothingThere({ text, at, key: name }: ValuePlace, key: SelectionKey): SelectionError {
  const last = Math.max(0, text.length - 1);
  // Without quotes the shell takes `age:>1h` as `age:`, and writes the output to a file `1h`.
  const hint = text[at - 1] === ':' ? "a term with < or > needs quotes in a shell: 'age:>1h'" : undefined;
  const what = `${name}: expected ${expectedOf(key)}, found nothing`;
  return new SelectionError(text, Math.min(at, last), what, undefined, hint);
}

function expectedOf(key: SelectionKey): string {
  const { takes, choices = [] } = factsOf(key);
  const examples = { count: count.example, duration: duration.example, moment: moment.example };
  if (takes === 'choice') return `one of ${choices.join(', ')}`;
  return takes === 'text' || takes === 'data' ? 'a value' : examples[takes];
}

function isText({ text, at, key }: ValuePlace, what: string): SelectionError {
  return new SelectionError(text, at, `${key} is text, and ${what}`, undefined, quoteIt);
}

/** Wildcards that stand side by side are one. */
function patternOf({ parts }: Written): Pattern {
  const pattern = [''];
  for (const { text, quoted } of parts) {
    const pieces = quoted ? [text] : text.split('*');
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) pattern.push('');
      pattern[pattern.length - 1] += piece;
    }
  }
  return pattern.filter((piece, i) => piece !== '' || i === 0 || i === pattern.length - 1);
}

function checkText(
  { text, at, end, key: name }: ValuePlace,
  key: SelectionKey,
  pattern: Pattern,
  plain: string,
): void {
  const exact = exactText(pattern);
  const refuse = (what: string, meant?: string): SelectionError =>
    new SelectionError(
      text,
      at,
      `${name}: expected ${what}, found ${shown(plain)}`,
      meant === undefined ? undefined : `${text.slice(0, at)}${meant}${text.slice(end)}`,
    );
  const { choices } = factsOf(key);
  if (choices && exact !== undefined && !choices.includes(exact)) {
    throw refuse(`one of ${choices.join(', ')}`, closest(exact, choices));
  }
  if (isBlank(key, pattern)) throw refuse(key === 'reason' ? 'some text of the reason' : 'a value');
  if (key === 'task' && exact === undefined) throw refuse('the id or name of a task, without *');
  if (key === 'consumer' && exact !== undefined && !isName(exact)) throw refuse('the name of a consumer');
  if (key === 'subject' && !isFilter(pattern.join('*'))) throw refuse('a subject like events.totp.*');
  if ((key === 'group' || key === 'fingerprint') && exact !== undefined && exact.length < shortestGroup) {
    throw refuse(`the id of a group, or at least its first ${shortestGroup} characters`);
  }
}

/** Of fewer, one could be taken for another. */
const shortestGroup = 6;
