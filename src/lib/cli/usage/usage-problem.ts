import { stripVTControlCharacters } from 'node:util';
import { CLIError } from '@oclif/core/errors';
import { closest } from '../../domain/closest.js';
import { escapeLine } from '../../domain/escape.js';
import { shown } from '../../domain/selection/selection-error.js';
import { UsageError } from '../../errors.js';
import { shellWord } from '../../render/shell-word.js';
import type { Suggestion } from '../../suggestion.js';
import { type CommandShape, type FlagShape, helpOf, usageLine } from './command-shape.js';

/** What oclif's parser throws: each kind has other fields, and none has a class that one could import. */
interface ParserError {
  readonly message: string;
  /** Flags that don't exist, as typed. */
  readonly flags?: readonly string[];
  /** Words too many, or the arguments that are missing. */
  readonly args?: readonly (string | { readonly name: string })[];
}

/** An argument is missing; what was parsed is there. */
export function isMissingArgument(
  error: unknown,
): error is CLIError & { readonly parse: { readonly output: { readonly flags: object } } } {
  if (!(error instanceof CLIError)) return false;
  const { args } = error as ParserError;
  return args !== undefined && args.some((one) => typeof one !== 'string');
}

/** A word too many for a command; `words` are those that it can't take. */
export function strayWords(command: CommandShape, words: readonly string[]): UsageError {
  const most = Object.keys(command.args).length;
  const takes = most === 0 ? 'no argument' : most === 1 ? 'one argument' : `${most} arguments`;
  const [meant] = words.flatMap((word) => flagMeant(word, command) ?? []);
  return usageError(
    command,
    `${command.name} takes ${takes}, found ${words.join(' ')}`,
    meant === undefined ? [] : [`did you mean: ${meant}`],
  );
}

/** What editors and chats make of `--` and `-`: an em dash, an en dash, a minus. */
const otherDash = /^[\u2010-\u2015\u2212]+-?(?=\w)/;

function flagMeant(word: string, { flags }: CommandShape): string | undefined {
  const name = otherDash.test(word) ? word.replace(otherDash, '') : undefined;
  const [first = ''] = name?.split('=', 1) ?? [];
  return Object.hasOwn(flags, first) ? `--${name}` : undefined;
}

/** Throws UsageError for a word with another dash before the name of a flag: it would be taken for a part of a reason. */
export function refuseOtherDash(command: CommandShape, word: string): void {
  const meant = flagMeant(word, command);
  if (meant === undefined) return;
  throw usageError(command, `${shown(word)} begins with a dash that is not the one of the keyboard`, [
    `did you mean: ${meant}`,
    `to look for it in reasons: reason:${shellWord(escapeLine(word))}`,
  ]);
}

/**
 * What the parser of a command line found, in our words. Undefined: it is none of the parser's own errors. `--flag=value`
 * is shown without its value, which may be a secret.
 */
export function usageProblem(error: unknown, command: CommandShape): UsageError | undefined {
  if (!(error instanceof CLIError)) return undefined;
  const { flags, args, message } = error as ParserError;
  if (flags) return unknownFlags(command, flags);
  if (args && args.every((one) => typeof one === 'string')) return strayWords(command, args);
  if (args) return missingArguments(command, args);
  return reworded(command, stripVTControlCharacters(message));
}

/** `--json=false`: the parser would take `false` as a word of its own. */
export function checkSwitches(words: readonly string[], command: CommandShape): void {
  for (const word of words) {
    if (word === '--') return;
    const name = /^--([^=]+)=/.exec(word)?.[1];
    if (name !== undefined && command.flags[name]?.type === 'boolean') {
      throw usageError(command, `--${name} takes no value: give it to turn it on`);
    }
  }
}

/** Nothing stands behind a flag that takes a value; `found`: the word behind it is something else. */
export function missingValue(command: CommandShape, name: string, found?: string): UsageError {
  const what = `--${name} needs a value: ${valueOf(command.flags[name])}`;
  if (found === undefined) return usageError(command, what);
  return usageError(command, `${what}; found the term ${shown(found)}`, [
    `if it is the value: --${name}=${shellWord(escapeLine(found))}`,
  ]);
}

function usageError(command: CommandShape, message: string, first: readonly Suggestion[] = []): UsageError {
  return new UsageError(message, {
    suggestions: [...first, `usage: ${usageLine(command)}`, helpOf(command)],
  });
}

function unknownFlags(command: CommandShape, typed: readonly string[]): UsageError {
  const names = typed.map((flag) => flag.replace(/=.*$/s, ''));
  const known = Object.keys(command.flags).map((name) => `--${name}`);
  const meant = names.flatMap((name) => closest(name, [...known, '--help']) ?? []);
  const words = names.flatMap((name) => /^-([A-Za-z]\w+)$/.exec(name)?.[1] ?? []);
  return usageError(command, `unknown ${names.length === 1 ? 'flag' : 'flags'} ${names.join(', ')}`, [
    ...meant.map((name) => `did you mean: ${name}`),
    ...('selection' in command.args ? words.map((word) => `reasons without this word: -reason:${word}`) : []),
  ]);
}

function missingArguments(
  command: CommandShape,
  missing: readonly (string | { readonly name: string })[],
): UsageError {
  const names = missing.map((one) => (typeof one === 'string' ? one : one.name));
  const [first = ''] = names;
  const what = command.args[first]?.description;
  return usageError(
    command,
    `${command.name} ${names.map((name) => `<${name}>`).join(' ')}: which ${first}?${what === undefined ? '' : ` (${what})`}`,
  );
}

const flagName = '--([\\w-]+)';

/** The messages of the parser that name flags, each with what it means. */
const meanings: readonly (readonly [
  RegExp,
  (flags: CommandShape['flags'], ...found: string[]) => { message: string; meant?: string | undefined },
])[] = [
  [
    new RegExp(`Flag ${flagName} can only be specified once`),
    (_, name) => ({ message: `--${name}: given more than once` }),
  ],
  [
    new RegExp(`Flag ${flagName} expects (?:a value|one of these values: .*)$`, 's'),
    (flags, name = '') => ({ message: `--${name} needs a value: ${valueOf(flags[name])}` }),
  ],
  [
    new RegExp(`Expected ${flagName}=(.*) to be one of: ([^:]*)$`, 's'),
    (_, name = '', value = '', options = '') => {
      const near = closest(value, options.split(', '));
      return {
        message: `--${name}: expected ${oneOf(options.split(', '))}, found "${value}"`,
        meant: near === undefined ? undefined : `--${name} ${near}`,
      };
    },
  ],
  [
    /Missing required flag ([\w-]+)/,
    (flags, name = '') => ({ message: `--${name} is required: ${valueOf(flags[name])}` }),
  ],
  [
    new RegExp(`All of the following must be provided when using ${flagName}: ${flagName}`),
    (_, name, other) => ({ message: `--${name} needs --${other}` }),
  ],
  [
    new RegExp(`${flagName}=.*? cannot also be provided when using ${flagName}`, 's'),
    (_, one, other) => ({ message: `--${other} and --${one}: give only one of them` }),
  ],
];

function reworded(command: CommandShape, said: string): UsageError | undefined {
  for (const [pattern, meaning] of meanings) {
    const found = pattern.exec(said.replace(/\nSee more help with --help$/, ''));
    if (!found) continue;
    const { message, meant } = meaning(command.flags, ...found.slice(1));
    return usageError(command, message, meant === undefined ? [] : [`did you mean: ${meant}`]);
  }
  return undefined;
}

/** What a flag takes, in words. */
export function valueOf({ helpValue, options, description = '' }: FlagShape = { type: 'option' }): string {
  if (options) return oneOf(options);
  return helpValue === undefined ? description : `${String(helpValue)}, ${description}`;
}

/** `a, b or c` */
export function oneOf(options: readonly string[]): string {
  const last = options.at(-1) ?? '';
  return options.length === 1 ? last : `${options.slice(0, -1).join(', ')} or ${last}`;
}
