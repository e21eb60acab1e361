import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { globalFlags } from '../../src/lib/cli/flags/global-flags.js';

/** A flag as its command declares it. */
export interface DeclaredFlag {
  readonly char?: string;
  /** What the help shows as its default, where it has one. */
  readonly byDefault?: string;
}

export interface DeclaredCommand {
  /** As it is typed: `dlq list`. */
  readonly name: string;
  /** Its own flags, without those of every command. */
  readonly flags: Readonly<Record<string, DeclaredFlag>>;
}

interface RawFlag {
  readonly char?: string;
  readonly defaultHelp?: unknown;
}

const folder = fileURLToPath(new URL('../../src/commands/', import.meta.url));

/** All commands, read from their sources. */
export async function declaredCommands(): Promise<DeclaredCommand[]> {
  const files = (await readdir(folder, { recursive: true }))
    .filter((name) => name.endsWith('.ts'))
    .toSorted();
  return Promise.all(
    files.map(async (file) => {
      const { default: command } = (await import(path.join(folder, file))) as {
        default: { flags?: Record<string, RawFlag> };
      };
      return {
        name: file.slice(0, -'.ts'.length).split(path.sep).join(' '),
        flags: await declaredFlags(command.flags ?? {}),
      };
    }),
  );
}

/** The flags of every command, `--help` and `--version` apart. */
export function declaredGlobalFlags(): Promise<Record<string, DeclaredFlag>> {
  return declaredFlags(globalFlags);
}

async function declaredFlags(
  flags: Readonly<Record<string, RawFlag>>,
): Promise<Record<string, DeclaredFlag>> {
  const entries = Object.entries(flags).map(async ([name, { char, defaultHelp }]) => {
    const byDefault =
      typeof defaultHelp === 'function' ? await (defaultHelp as () => Promise<string>)() : undefined;
    return [
      name,
      {
        ...(char === undefined ? {} : { char }),
        ...(byDefault === undefined ? {} : { byDefault }),
      },
    ] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
