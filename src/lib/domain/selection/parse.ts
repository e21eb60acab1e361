import { refuseNoText } from '../given.js';
import { closest } from '../closest.js';
import {
  isSelectionKey,
  type Selection,
  type SelectionKey,
  selectionKeys,
  takesPath,
  type Term,
} from './selection.js';
import { Scanner } from './scan.js';
import { SelectionError, shown } from './selection-error.js';
import { readValue } from './read-value.js';

/** Longer ones are nobody's selection. */
const longest = 10_000;

/**
 * The selection that a text describes, e.g. `consumer:notifications-consumer age:>1h -timeout`.
 *
 * @throws UsageError, with the place of the mistake and what was probably meant
 */
export function parseSelection(text: string): Selection {
  refuseNoText('selection', text);
  refuseLong(text);
  const scanner = new Scanner(text, 'text');
  const terms: Term[] = [];
  while (scanner.next()) terms.push(readTerm(scanner));
  return { terms };
}

/** The same of the words of a command line, each of which is one term. */
export function parseSelectionWords(words: readonly string[]): Selection {
  return { terms: words.map(readWord) };
}

function readWord(word: string): Term {
  refuseLong(word);
  const scanner = new Scanner(word, 'word');
  if (!scanner.next()) throw new SelectionError(word, 0, 'expected a term like consumer:name, found nothing');
  return readTerm(scanner);
}

function refuseLong(text: string): void {
  if (text.length <= longest) return;
  throw new SelectionError(
    text,
    longest,
    `a selection has at most ${longest} characters, found ${text.length}`,
  );
}

function readTerm(scanner: Scanner): Term {
  const not = scanner.skip('-');
  const at = scanner.at;
  const written = scanner.key();
  const named = written === undefined ? { key: 'reason' as const } : readKey(scanner.text, at, written);
  const values = scanner.values().map((value) => readValue(scanner.text, named, value));
  return { ...named, not, values };
}

function readKey(text: string, at: number, written: string): Pick<Term, 'key' | 'path'> {
  const dot = written.indexOf('.');
  const key = dot === -1 ? written : written.slice(0, dot);
  if (!isSelectionKey(key)) throw unknownKey(text, at, written, key);
  if (!takesPath(key)) {
    if (dot === -1) return { key };
    throw new SelectionError(text, at + dot, `${key} takes no name after a dot, found ${shown(written)}`);
  }
  const path = written.slice(key.length + 1);
  if (path === '' || (key === 'data' && path.split('.').includes(''))) {
    const example = key === 'data' ? 'data.user.email' : 'header.Nats-Msg-Id';
    throw new SelectionError(text, at, `expected a key like ${example}, found ${shown(written)}`);
  }
  return { key, path };
}

function unknownKey(text: string, at: number, written: string, key: string): SelectionError {
  const known = (Object.keys(selectionKeys) as SelectionKey[]).map((name) =>
    takesPath(name) ? `${name}.${name === 'data' ? '<path>' : '<name>'}` : name,
  );
  const near = closest(key, Object.keys(selectionKeys));
  const meant = near === undefined ? undefined : `${text.slice(0, at)}${near}${text.slice(at + key.length)}`;
  return new SelectionError(
    text,
    at,
    `unknown key ${shown(written)}: the keys are ${known.join(', ')}`,
    meant,
    'to find text with a colon, put it in double quotes, inside the quotes of the shell: \'"text: more"\'',
  );
}
