import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { openTerminal, type TerminalOptions } from './tmux.js';

/** `3 of 7 dead letters read`: what a command that takes over 200 ms shows of itself. */
const changingLine = /(?:\r\d+ of \d+ [\w,./ ]+)+\r +\r/g;

/** Without the lines that a command wrote over with blanks before it went on: a slow machine shows more of them. */
export const withoutChangingLines = (raw: string): string => raw.replaceAll(changingLine, '');

/** What one command wrote to its terminal, stdout and stderr as they came. */
export interface Written {
  readonly exitCode: number;
  /** With the escape sequences of colours, without changing lines. */
  readonly raw: string;
  /** Without them. */
  readonly text: string;
}

const mark = 'plutomi-test-command-ended';

/** Runs commands one after the other in one real terminal; `CI` is not set there. */
export async function runOnTerminal(
  commands: readonly (readonly string[])[],
  options: Omit<TerminalOptions, 'record'>,
): Promise<Written[]> {
  const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  const lines = commands.map((words) => `${words.map(quoted).join(' ')}; echo "${mark} $?"`);
  const script = join(options.cwd, 'commands-on-terminal.sh');
  await writeFile(script, `${lines.join('\n')}\n`);
  await using terminal = await openTerminal(['sh', script], { ...options, record: true });
  await terminal.exitCode(120_000);
  const ended = new RegExp(`${mark} (\\d+)\\n`);
  // What is before each mark, and its number.
  const parts = withoutChangingLines((await terminal.raw()).replaceAll('\r\n', '\n')).split(ended);
  return commands.map((_, i) => {
    const raw = parts[2 * i] ?? '';
    return { exitCode: Number(parts[2 * i + 1]), raw, text: stripVTControlCharacters(raw) };
  });
}
