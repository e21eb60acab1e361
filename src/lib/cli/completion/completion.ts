import type { CommandShape } from '../usage/command-shape.js';

/** Something that could be typed next. */
export interface Candidate {
  readonly word: string;
  /** One line for the reader. */
  readonly about?: string | undefined;
}

/** All that could be typed next. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  /** The name of a file, which the shell knows best. */
  readonly files: boolean;
}

/** The command line that is completed, as it is declared. */
export interface CommandTable {
  readonly commands: readonly (CommandShape & { readonly summary?: string | undefined })[];
  /** What the commands are about that begin with a word. */
  readonly topics: readonly Candidate[];
  /** The flags that every command has. */
  readonly globalFlags: CommandShape['flags'];
}

/** What only the config, the server or this machine knows. */
export type Source = 'consumers' | 'contexts' | 'events' | 'examples' | 'groups' | 'letters' | 'tasks';

/** Each is asked for only where it is wanted, and may fail: then there is nothing to choose from. */
export type Sources = Readonly<Record<Source, () => Promise<readonly Candidate[]>>>;
