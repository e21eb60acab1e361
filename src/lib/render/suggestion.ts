import { refuseNoObject, refuseNoText, refuseTexts } from '../domain/given.js';
import { type Checks, oneOf, requireOptions } from '../domain/options.js';
import {
  distinct,
  type OtherCommand,
  type OwnCommand,
  type SuggestedWord,
  type Suggestion,
} from '../suggestion.js';
import { escapeLine } from '../domain/escape.js';
import { columnsOf } from './columns.js';
import { hanging } from './hanging.js';
import { shellWord } from './shell-word.js';

/** How this program was called, and the flags that lead to the same server again. */
export interface Caller {
  /** The program's name as it was called, e.g. `npx plutomi-events`. */
  readonly program: string;
  /** As they are typed. For commands that go to the server. */
  readonly toServer: readonly string[];
  /** For commands that only read the config. */
  readonly toConfig: readonly string[];
  /** The same for other programs, by name. */
  readonly others: Readonly<Record<string, readonly string[]>>;
}

const callerChecks = {
  program: refuseNoText,
  toServer: refuseTexts,
  toConfig: refuseTexts,
  others: refuseNoObject,
} as const satisfies Checks<Caller>;

export const anybody: Caller = { program: 'plutomi-events', toServer: [], toConfig: [], others: {} };

/** Commands that go to no server, whatever flags they are given. */
const serverless: readonly string[] = ['config schema', 'server install', 'server start', 'server stop'];

/** A suggestion as a person reads it: a command can be copied and run as it is, unless it has `<blanks>`. */
export function renderSuggestion(suggestion: Suggestion, caller: Caller = anybody): string {
  if (typeof suggestion === 'string') return suggestion;
  refuseNoObject('suggestion', suggestion ?? null);
  oneOf('run', 'run-other', 'give')('suggestion.do', suggestion.do);
  requireOptions(callerChecks, caller, Object.keys(callerChecks), 'caller');
  const why = suggestion.why === undefined ? '' : `${suggestion.why}: `;
  return `${why}${commandLine(suggestion, caller)}`;
}

/** A text about what is the matter, with what to do about it at its end. */
export function withSuggestions(
  text: string,
  suggestions: readonly Suggestion[] = [],
  caller: Caller = anybody,
): string {
  return suggestions.reduce<string>((said, one, at) => {
    const isBare = (other: Suggestion | undefined): boolean =>
      typeof other === 'object' && other.why === undefined;
    const joint = isBare(one) ? (isBare(suggestions[at - 1]) ? ', or ' : ': ') : '; ';
    return said + joint + renderSuggestion(one, caller);
  }, text);
}

/**
 * The same as it follows `before` columns of its line, no wider than `width`. What does not fit is broken, but no
 * command: it has a line of its own, whole, so that it can be copied.
 */
export function hangingWithSuggestions(
  before: number,
  text: string,
  width: number,
  suggestions: readonly Suggestion[] = [],
  caller: Caller = anybody,
): string {
  const whole = escapeLine(withSuggestions(text, suggestions, caller));
  if (suggestions.length === 0 || before + columnsOf(whole) <= width) return hanging(before, whole, width);
  const indent = ' '.repeat(Math.min(before, suggestionIndent));
  const lines = suggestions.map((one) => `${indent}→ ${escapeLine(renderSuggestion(one, caller))}`);
  return [hanging(before, escapeLine(text), width), ...lines].join('\n');
}

const suggestionIndent = 4;

/** Something that says in one of its fields what is the matter, and beside it what to do about it. */
export interface Suggesting {
  readonly suggestions?: readonly Suggestion[];
}

/** What several suggest, each once: it is said below all of them, where it says what it is for. */
export function sharedSuggestions(all: readonly Suggesting[]): Suggestion[] {
  const told = all.flatMap(({ suggestions = [] }) => suggestions.filter(saysWhy));
  return distinct(told).filter((one) => told.filter((other) => isSame(one, other)).length > 1);
}

/** The same without what is said elsewhere. */
export function withoutSuggestions<T extends Suggesting>(item: T, said: readonly Suggestion[]): T {
  const { suggestions = [] } = item;
  return { ...item, suggestions: suggestions.filter((one) => !said.some((other) => isSame(one, other))) };
}

function saysWhy(suggestion: Suggestion): boolean {
  return typeof suggestion === 'object' && suggestion.why !== undefined;
}

function isSame(one: Suggestion, other: Suggestion): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The same for people and scripts: one text, in that field. */
export function spelledOut<K extends string, T extends Suggesting & Readonly<Record<K, string>>>(
  { suggestions, ...facts }: T,
  field: K,
  caller: Caller,
): Omit<T, 'suggestions'> {
  const text = (facts as unknown as Readonly<Record<K, string>>)[field];
  return { ...facts, [field]: withSuggestions(text, suggestions, caller) };
}

function commandLine(suggestion: Exclude<Suggestion, string>, caller: Caller): string {
  if (suggestion.do === 'give') return flagWords(suggestion.flag, suggestion.value).join(' ');
  const words = suggestion.do === 'run' ? ownWords(suggestion, caller) : otherWords(suggestion, caller);
  const note = suggestion.note === undefined ? '' : `   # ${suggestion.note}`;
  return words.join(' ') + note;
}

function ownWords({ command, args = [], flags = {}, folder }: OwnCommand, caller: Caller): string[] {
  const given = Object.entries(flags).flatMap(([name, value]) =>
    (isList(value) ? value : [value]).flatMap((one) => flagWords(name, one)),
  );
  const words = args.map(shown);
  // What begins with a dash would be taken for a flag.
  const dashed = words.some((word) => word.startsWith('-'));
  return [
    ...(folder === undefined ? [] : ['cd', shellWord(folder), '&&']),
    caller.program,
    ...(command === '' ? [] : [command]),
    ...(dashed ? [] : words),
    ...given,
    ...placeOf(command, 'help' in flags, caller),
    ...(dashed ? ['--', ...words] : []),
  ];
}

function placeOf(command: string, isHelp: boolean, { toServer, toConfig }: Caller): readonly string[] {
  if (isHelp || serverless.includes(command)) return [];
  return command === 'pipeline permissions' ? toConfig : toServer;
}

function otherWords({ program, words }: OtherCommand, { others }: Caller): string[] {
  // What the nats CLI does with its contexts goes to no server, and it refuses a context that is not there.
  const goesToServer = Object.hasOwn(others, program) && words[0] !== 'context';
  return [program, ...words.map(shown), ...(goesToServer ? (others[program] ?? []) : [])];
}

function isList(value: true | SuggestedWord | readonly SuggestedWord[]): value is readonly SuggestedWord[] {
  return Array.isArray(value);
}

function flagWords(name: string, value: true | SuggestedWord): string[] {
  if (value === true) return [`--${name}`];
  const word = shown(value);
  return word.startsWith('-') ? [`--${name}=${word}`] : [`--${name}`, word];
}

function shown(word: SuggestedWord): string {
  if (typeof word !== 'object') return shellWord(String(word));
  const { before, blank } = word;
  return `${before === undefined ? '' : shellWord(before)}<${blank}>`;
}
