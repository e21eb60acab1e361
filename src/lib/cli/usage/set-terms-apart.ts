import { closest } from '../../domain/closest.js';
import { selectionKeys } from '../../domain/selection/selection.js';
import type { CommandShape } from './command-shape.js';
import { missingValue, refuseOtherDash } from './usage-problem.js';
import { refuseValueOfSwitch } from './value-of-switch.js';

/**
 * The words with the terms that begin with `-` behind a `--`: the parser would take `-consumer:x` for `-c`. What is the
 * value of a flag stays with it, and so does a short flag with its value, such as `-snats://host:4222`.
 *
 * Throws UsageError for a flag whose value is missing: neither a term behind it is its value, nor the `--`; for a
 * switch with a value behind it; and for a flag with another dash than that of the keyboard.
 */
export function setTermsApart(words: readonly string[], command: CommandShape): string[] {
  const { flags } = command;
  const kept: string[] = [];
  const terms: string[] = [];
  const end = words.indexOf('--');
  const before = end === -1 ? words : words.slice(0, end);
  for (let at = 0; at < before.length; at++) {
    const word = before[at] ?? '';
    if (isNegatedTerm(word, flags)) terms.push(word);
    else kept.push(word);
    refuseOtherDash(command, word);
    const name = flagOf(word, flags);
    if (name === undefined) continue;
    if (flags[name]?.type !== 'option') {
      refuseValueOfSwitch(command, name, before[at + 1]);
      continue;
    }
    const value = before[++at];
    if (value === undefined || isNegatedTerm(value, flags)) throw missingValue(command, name, value);
    kept.push(value);
  }
  if (terms.length === 0) return [...words];
  return [...kept, '--', ...terms, ...(end === -1 ? [] : words.slice(end + 1))];
}

function isNegatedTerm(word: string, flags: CommandShape['flags']): boolean {
  const [, key, char = ''] = /^-(([A-Za-z])[^:=]*):/.exec(word) ?? [];
  if (key === undefined) return false;
  const first = key.split('.', 1)[0] ?? '';
  if (closest(first, Object.keys(selectionKeys)) !== undefined) return true;
  return longName(char, flags) === undefined;
}

function longName(char: string, flags: CommandShape['flags']): string | undefined {
  return Object.keys(flags).find((name) => flags[name]?.char === char);
}

/** The name of the flag that this word is, where its value would be the next word. */
function flagOf(word: string, flags: CommandShape['flags']): string | undefined {
  const char = /^-(\w)$/.exec(word)?.[1];
  const name = char === undefined ? /^--([^=]+)$/.exec(word)?.[1] : longName(char, flags);
  return name !== undefined && Object.hasOwn(flags, name) ? name : undefined;
}
