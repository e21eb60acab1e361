import { styleText } from 'node:util';

const styles = ['bold', 'cyan', 'dim', 'green', 'red', 'yellow'] as const;

/** Text as it is, or between the escape sequences of its style. */
export type Colors = Readonly<Record<(typeof styles)[number], (text: string) => string>>;

export interface ColorFacts {
  /** The stream that the text goes to is a terminal. */
  readonly isTty: boolean;
  /** `--no-color`, NO_COLOR or TERM=dumb. */
  readonly off: boolean;
}

const colorsWith = (paint: (style: (typeof styles)[number], text: string) => string): Colors =>
  Object.fromEntries(styles.map((style) => [style, (text: string) => paint(style, text)])) as Colors;

// Whether to is decided here: by itself styleText looks at stdout, whatever the text is for.
const painted = colorsWith((style, text) => styleText(style, text, { validateStream: false }));
const plain = colorsWith((_, text) => text);

/** Colour for one stream: none into a pipe or a file. */
export function colorsFor({ isTty, off }: ColorFacts): Colors {
  return isTty && !off ? painted : plain;
}
