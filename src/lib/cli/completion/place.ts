import type { CommandShape, FlagShape } from '../usage/command-shape.js';
import type { CommandTable } from './completion.js';

/** Where in a command line the next word stands. */
export interface Place {
  /** The words so far that name a command, or begin to. */
  readonly named: readonly string[];
  readonly command?: CommandShape | undefined;
  /** The flags that may be given here. */
  readonly flags: CommandShape['flags'];
  /** The flags that were given, with the value of those that take one. */
  readonly values: Readonly<Record<string, string | true>>;
  /** The flag whose value the next word is. */
  readonly awaited?: string | undefined;
  /** How many arguments stand before it. */
  readonly position: number;
  /** Behind a `--`: no flag follows. */
  readonly isEnded: boolean;
}

/** The place behind these words. */
export function placeBehind(words: readonly string[], table: CommandTable): Place {
  const named: string[] = [];
  const values: Record<string, string | true> = {};
  let [command, awaited]: [CommandShape?, string?] = [];
  let position = 0;
  let isEnded = false;
  for (const word of words) {
    if (awaited !== undefined) {
      values[awaited] = word;
      awaited = undefined;
    } else if (word === '--' && !isEnded) isEnded = true;
    else if (isFlag(word) && !isEnded) {
      const [flag, shape] = flagNamed(word, command?.flags ?? table.globalFlags) ?? [];
      if (flag === undefined) continue;
      const equals = word.indexOf('=');
      if (shape?.type !== 'option') values[flag] = true;
      else if (equals === -1) awaited = flag;
      else values[flag] = word.slice(equals + 1);
    } else if (command) position++;
    else {
      named.push(word);
      command = table.commands.find(({ name }) => name === named.join(' '));
    }
  }
  return { named, command, flags: command?.flags ?? table.globalFlags, values, awaited, position, isEnded };
}

/** The argument that stands at this place; the last one may be several. */
export function argumentAt({ command, position }: Place): string | undefined {
  const names = Object.keys(command?.args ?? {});
  const last = names.at(-1);
  if (last === undefined || position < names.length) return names[position];
  return command?.args[last]?.multiple ? last : undefined;
}

/** `-consumer:x` is a term, not a flag. */
export function isFlag(word: string): boolean {
  return word.startsWith('-') && word !== '-' && (word.startsWith('--') || !word.includes(':'));
}

function flagNamed(word: string, flags: CommandShape['flags']): [string, FlagShape] | undefined {
  const [typed = ''] = word.split('=', 1);
  return Object.entries(flags).find(([name, { char }]) => typed === `--${name}` || typed === `-${char}`);
}
