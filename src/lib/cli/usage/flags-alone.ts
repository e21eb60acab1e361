import { escapeLine } from '../../domain/escape.js';
import { UsageError } from '../../errors.js';
import type { Suggestion } from '../../suggestion.js';
import { type FlagShape, helpOf } from './command-shape.js';
import { oneOf, valueOf } from './usage-problem.js';

/** What the command line has of flags where no command stands: of the whole program, or of a topic. */
export interface Alone {
  readonly flags: Readonly<Record<string, FlagShape>>;
  /** Such as `dlq`; empty: none is named. */
  readonly topic: string;
}

/** A flag, by its long name, as a word names it; `value` where it is in the word. */
export function flagNamed(
  word: string,
  flags: Alone['flags'],
): { readonly name: string; readonly flag: FlagShape; readonly value: string | undefined } | undefined {
  const [typed = '', ...more] = word.split('=');
  const found = Object.entries(flags).find(
    ([long, { char }]) => typed === `--${long}` || (char !== undefined && typed === `-${char}`),
  );
  return found && { name: found[0], flag: found[1], value: more.length === 0 ? undefined : more.join('=') };
}

/**
 * Throws UsageError for flags that can't be meant where no command follows them: help would be printed, with 0, for a
 * command line that lacks a value, such as `--server $URL` with an empty variable.
 */
export function checkFlagsAlone(words: readonly string[], { flags, topic }: Alone): void {
  const wrong = (message: string): UsageError =>
    new UsageError(message, { suggestions: nextSteps(topic), code: 'USAGE' });
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const found = flagNamed(word, flags);
    if (found === undefined) throw wrong(strayWord(word, topic));
    const { name, flag } = found;
    if (flag.type === 'boolean') {
      if (found.value === undefined) continue;
      throw wrong(`--${name} takes no value: give it to turn it on`);
    }
    const value = found.value ?? words[++at] ?? '';
    if (value === '' || (found.value === undefined && flagNamed(value, flags) !== undefined))
      throw wrong(`--${name} needs a value: ${valueOf(flag)}`);
    if (flag.options && !flag.options.includes(value))
      throw wrong(`--${name}: expected ${oneOf(flag.options)}, found "${escapeLine(value)}"`);
  }
}

/** A word that is no command, and where one is missing. The value of a flag may be a secret. */
export function strayWord(word: string, topic: string): string {
  const where = topic === '' ? '' : ` behind ${topic}`;
  if (word === '') return `the command${where} is an empty text`;
  if (word === '--')
    return topic === '' ? 'no command stands before --' : `no command stands between ${topic} and --`;
  if (word.startsWith('-'))
    return `unknown flag ${escapeLine(word.replace(/=.*$/s, ''))}, and no command${where}`;
  const command = escapeLine(word);
  return topic === ''
    ? `unknown command "${command}"`
    : `flags stand before ${topic} or behind ${topic} ${command}, not between them`;
}

/** What to do where no command is named. */
export function nextSteps(topic: string): readonly Suggestion[] {
  const program = topic === '' ? 'plutomi-events' : `plutomi-events ${topic}`;
  return [`usage: ${program} <command> [FLAGS]`, helpOf({ name: topic })];
}
