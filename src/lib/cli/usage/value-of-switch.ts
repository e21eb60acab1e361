import { durationMeant, parseDuration } from '../../domain/duration.js';
import { shown } from '../../domain/selection/selection-error.js';
import { UsageError } from '../../errors.js';
import { shellWord } from '../../render/shell-word.js';
import type { CommandShape } from './command-shape.js';

/** What people write behind a switch to turn it on or off. */
const turns = /^(?:true|false|yes|no|on|off|y|n)$/i;
const digits = /^\d+$/;

/** Switches of which one asks how long, or how many, and the flag that takes that. */
const amounts: Readonly<Record<string, string>> = { wait: 'wait-timeout', watch: '', all: 'limit' };

/**
 * Throws UsageError for a word behind a switch that reads as its value, such as the `60s` of `--wait 60s`: as a word of
 * the selection it would select other dead letters than those that were meant, without a word.
 */
export function refuseValueOfSwitch(
  { name: command, flags }: CommandShape,
  name: string,
  word: string | undefined,
): void {
  if (word === undefined || !isValue(name, word)) return;
  const other = amounts[name] ?? '';
  const takes = other in flags ? other : undefined;
  const amount = takes === 'wait-timeout' ? (durationMeant(word) ?? seconds(word)) : word;
  const said = takes === undefined || turns.test(word) ? [] : [didYouMean(name, takes, amount)];
  throw new UsageError(
    `--${name} takes no value, found ${shown(word)} behind it: as a word of ${command} it would be a part of the reason`,
    { suggestions: [...said, `if it is one: reason:${shellWord(word)}`] },
  );
}

function isValue(name: string, word: string): boolean {
  if (turns.test(word) || parseDuration(word) !== undefined) return true;
  return name in amounts && (digits.test(word) || durationMeant(word) !== undefined);
}

function seconds(word: string): string {
  return digits.test(word) ? `${word}s` : word;
}

function didYouMean(name: string, takes: string, amount: string): string {
  // All and a number of them exclude each other; waiting, and how long, do not.
  return takes === 'limit'
    ? `did you mean: --limit ${amount}`
    : `did you mean: --${name} --${takes} ${amount}`;
}
