import { closest } from '../../domain/closest.js';
import { selectionKeys } from '../../domain/selection/selection.js';
import type { CommandShape, FlagShape } from './command-shape.js';

/**
 * The words with the terms that begin with `-` behind a `--`: the parser would take `-consumer:x` for `-c`. What is the
 * value of a flag stays with it, and so does a short flag with its value, such as `-snats://host:4222`.
 */
export function setTermsApart(words: readonly string[], { flags }: CommandShape): string[] {
  const kept: string[] = [];
  const terms: string[] = [];
  const end = words.indexOf('--');
  const before = end === -1 ? words : words.slice(0, end);
  for (let at = 0; at < before.length; at++) {
    const word = before[at] ?? '';
    if (isNegatedTerm(word, flags)) terms.push(word);
    else kept.push(word);
    const value = before[at + 1];
    if (value === undefined || !takesNextWord(word, flags)) continue;
    kept.push(value);
    at++;
  }
  if (terms.length === 0) return [...words];
  return [...kept, '--', ...terms, ...(end === -1 ? [] : words.slice(end + 1))];
}

function isNegatedTerm(word: string, flags: CommandShape['flags']): boolean {
  const [, key, char = ''] = /^-(([A-Za-z])[^:=]*):/.exec(word) ?? [];
  if (key === undefined) return false;
  const first = key.split('.', 1)[0] ?? '';
  if (closest(first, Object.keys(selectionKeys)) !== undefined) return true;
  return shortFlag(char, flags) === undefined;
}

function shortFlag(char: string, flags: CommandShape['flags']): FlagShape | undefined {
  return Object.values(flags).find((flag) => flag.char === char);
}

function takesNextWord(word: string, flags: CommandShape['flags']): boolean {
  const long = /^--([^=]+)$/.exec(word)?.[1];
  const char = /^-(\w)$/.exec(word)?.[1];
  const flag =
    long !== undefined && Object.hasOwn(flags, long)
      ? flags[long]
      : char === undefined
        ? undefined
        : shortFlag(char, flags);
  return flag?.type === 'option';
}
