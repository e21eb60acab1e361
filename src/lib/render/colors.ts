import { Chalk, type ChalkInstance } from 'chalk';

export type Colors = ChalkInstance;

export interface ColorFacts {
  /** The stream that the text goes to is a terminal. */
  readonly isTty: boolean;
  /** `--no-color`, NO_COLOR or TERM=dumb. */
  readonly off: boolean;
}

/** Colour for one stream: none into a pipe or a file. */
export function colorsFor(facts: ColorFacts): Colors {
  return new Chalk({ level: facts.isTty && !facts.off ? 1 : 0 });
}
