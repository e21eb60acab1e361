import type { Config, Hook } from '@oclif/core/interfaces';
import { readEnvironment } from '../../connection/environment.js';
import { closest } from '../../domain/closest.js';
import { escapeLine } from '../../domain/escape.js';
import { UsageError } from '../../errors.js';
import { nextSteps, strayWord } from './flags-alone.js';
import { helpOf, shapeOf } from './command-shape.js';
import type { OwnCommand } from '../../suggestion.js';
import { reportError } from '../output/report-error.js';
import { strayWords } from './usage-problem.js';
import { colorsOf } from '../output/view.js';
import { wantsJson } from '../output/wants-json.js';

/** An unknown command: exit 2, with the nearest one that exists. */
const hook: Hook.CommandNotFound = async ({ id, argv = [], config }) => {
  reportUnknownCommand(config, asTyped(id.split(':'), process.argv.slice(2)), argv);
};

/** oclif takes a word with colons apart, such as a URL: here it is whole again. */
function asTyped(parts: readonly string[], typed: readonly string[]): string[] {
  const words: string[] = [];
  let at = 0;
  for (const word of typed) {
    const own = word.split(':');
    if (!own.every((part, i) => part === parts[at + i])) continue;
    words.push(word);
    at += own.length;
  }
  return at === parts.length ? words : [...parts];
}

export default hook;

/** Reports words that are not a command, or that a known command does not take. */
export function reportUnknownCommand(
  config: Config,
  words: readonly string[],
  argv: readonly string[],
): void {
  const colors = colorsOf(
    process.stderr,
    readEnvironment(undefined, config.root),
    argv.includes('--no-color'),
  );
  reportError(problemOf(config, words), { json: wantsJson(argv), colors });
}

function problemOf(config: Config, words: readonly string[]): UsageError {
  const [first = ''] = words;
  if (first.startsWith('-')) return new UsageError(strayWord(first, ''), { suggestions: nextSteps('') });
  for (let end = words.length - 1; end > 0; end--) {
    const command = config.findCommand(words.slice(0, end).join(':'));
    if (command) return strayWords(shapeOf(command), words.slice(end));
  }
  const swallowed = swallowedWord(words, process.argv.slice(2), config);
  if (swallowed !== undefined) return swallowed;
  const typed = words.join(' ');
  const near = meant(typed, config);
  return new UsageError(`unknown command "${escapeLine(typed)}"`, {
    code: 'UNKNOWN_COMMAND',
    suggestions: [
      near === undefined ? helpFor(first, config) : { do: 'run', command: near, why: 'did you mean' },
    ],
  });
}

/** `--server dlq list`: the flag took the first word of the command. */
function swallowedWord(
  words: readonly string[],
  typed: readonly string[],
  config: Config,
): UsageError | undefined {
  const at = typed.indexOf(words[0] ?? '') - 1;
  const [flag = '', word = ''] = typed.slice(at - 1);
  if (at < 1 || !/^--?[a-z-]+$/.test(flag)) return undefined;
  const command = [word, ...words].join(' ');
  if (!config.findCommand(command.replaceAll(' ', ':'))) return undefined;
  return new UsageError(`${flag} needs a value: it took the ${escapeLine(word)} of ${escapeLine(command)}`, {
    suggestions: nextSteps(''),
  });
}

/** The command that was probably meant. A word that ends several is that of the pipeline, which people look for most. */
function meant(typed: string, config: Config): string | undefined {
  const known = config.commandIDs.map((id) => id.replaceAll(':', ' '));
  const named = known.filter((id) => id.split(' ').at(-1) === typed);
  return named.find((id) => id.startsWith('pipeline ')) ?? named[0] ?? closest(typed, known);
}

/** The help of the topic that was probably meant, or of all. */
function helpFor(typed: string, config: Config): OwnCommand {
  const topics = config.topics.map(({ name }) => name);
  const near = closest(typed, topics);
  if (near === undefined) return helpOf({ name: '' });
  return near === typed ? helpOf({ name: near }) : { ...helpOf({ name: near }), why: 'did you mean' };
}
