import { Chalk } from 'chalk';

const styles = ['bold', 'cyan', 'dim', 'green', 'red', 'yellow'] as const;

/** Text as it is, or between the escape sequences of its style. */
export type Colors = Readonly<Record<(typeof styles)[number], (text: string) => string>>;

export interface ColorFacts {
  /** The stream that the text goes to is a terminal. */
  readonly isTty: boolean;
  /** `--no-color`, NO_COLOR or TERM=dumb: stronger than the others. */
  readonly off: boolean;
  /** FORCE_COLOR: into a pipe or a file too. */
  readonly forced?: boolean;
}

// The level is said here: by itself chalk looks at stdout, whatever the text is for. The sixteen colours are all we use.
const painted: Colors = new Chalk({ level: 1 });
const plain: Colors = new Chalk({ level: 0 });

/** Colour for one stream: none into a pipe or a file, unless it is forced. */
export function colorsFor({ isTty, off, forced = false }: ColorFacts): Colors {
  return !off && (isTty || forced) ? painted : plain;
}
