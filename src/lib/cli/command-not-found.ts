import type { Config, Hook } from '@oclif/core/interfaces';
import { closest } from '../domain/closest.js';
import { escapeJson, escapeLine } from '../domain/escape.js';
import { UsageError } from '../errors.js';
import { describeError } from './describe-error.js';
import { shapeOf } from './command-shape.js';
import { strayWords } from './usage-problem.js';
import { wantsJson } from './wants-json.js';

/** An unknown command: exit 2, with the nearest one that exists. */
const hook: Hook.CommandNotFound = async ({ id, argv = [], config }) => {
  reportUnknownCommand(config, id.split(':'), argv);
};

export default hook;

/** Says which words are no command; a known command with words too many is told so. */
export function reportUnknownCommand(
  config: Config,
  words: readonly string[],
  argv: readonly string[],
): void {
  const { code, message, suggestions, exitCode } = describeError(problemOf(config, words));
  process.exitCode = exitCode;
  if (wantsJson(argv)) {
    process.stdout.write(`${escapeJson(JSON.stringify({ error: { code, message, suggestions } }))}\n`);
    return;
  }
  const next = suggestions.map((suggestion) => `  → ${suggestion}\n`).join('');
  process.stderr.write(`Error: ${message}\n${next}`);
}

function problemOf(config: Config, words: readonly string[]): UsageError {
  const [first = ''] = words;
  if (first.startsWith('-')) {
    return new UsageError(`unknown flag ${first.replace(/=.*$/s, '')}, and no command`, {
      suggestions: ['usage: plutomi-events <command> [FLAGS]', 'plutomi-events --help'],
    });
  }
  for (let end = words.length - 1; end > 0; end--) {
    const command = config.findCommand(words.slice(0, end).join(':'));
    if (command) return strayWords(shapeOf(command), words.slice(end));
  }
  const typed = words.join(' ');
  const known = config.commandIDs.map((id) => id.replaceAll(':', ' '));
  const near = known.find((id) => id.split(' ').at(-1) === typed) ?? closest(typed, known);
  const topic = config.findTopic(first) ? `plutomi-events ${first} --help` : 'plutomi-events --help';
  return new UsageError(`unknown command "${escapeLine(typed)}"`, {
    code: 'UNKNOWN_COMMAND',
    suggestions: [near === undefined ? topic : `did you mean: plutomi-events ${near}`],
  });
}
