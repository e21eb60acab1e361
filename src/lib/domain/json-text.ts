/** A JSON text that is printed as it stands, digit by digit: `stringify` puts it where a value would be. */
export class JsonText {
  /** `text` must be valid JSON. */
  constructor(readonly text: string) {}
}

const quote = 0x22;
const backslash = 0x5c;

/** Where the string ends that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const code = text.charCodeAt(at);
    if (code === backslash) at++;
    else if (code === quote || Number.isNaN(code)) return at + 1;
  }
}

const word = /[^\s[\]{}:,"]+/y;

/** The parts of a JSON text in their order: brackets, commas, colons, strings, numbers and words. No white space. */
export function* tokensOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const char = text[at] as string;
    let end = at + 1;
    if (char === '"') end = endOfString(text, at);
    else if (!' \t\r\n[]{}:,'.includes(char)) {
      word.lastIndex = at;
      word.test(text);
      end = word.lastIndex;
    }
    if (!' \t\r\n'.includes(char)) yield text.slice(at, end);
    at = end;
  }
}

/** Deeper levels are indented no further: what is small and deep must not print as something huge. */
const mostIndented = 20;

/** The same JSON with every token as it was, on one line; with `indent` spaces a level, one value a line. */
export function reformat(text: string, indent = 0): string {
  const parts: string[] = [];
  let level = 0;
  let before = '';
  const newLine = (): void => {
    if (indent > 0) parts.push('\n', ' '.repeat(indent * Math.min(level, mostIndented)));
  };
  for (const token of tokensOf(text)) {
    const opened = before === '{' || before === '[';
    if (token === '}' || token === ']') {
      level--;
      if (!opened) newLine();
    } else if (opened || before === ',') newLine();
    parts.push(token === ':' && indent > 0 ? ': ' : token);
    if (token === '{' || token === '[') level++;
    before = token;
  }
  return parts.join('');
}

/** As `JSON.stringify`, with each JsonText in its place. */
export function stringify(value: unknown, indent = 0): string {
  const texts: string[] = [];
  const marked = (marker: string): string =>
    JSON.stringify(value, (_key, one: unknown) =>
      one instanceof JsonText ? `${marker}${texts.push(reformat(one.text)) - 1}` : one,
    );
  const plain = marked('');
  if (texts.length === 0) return indent > 0 ? JSON.stringify(value, undefined, indent) : plain;
  // What is printed may hold any text, so the marker is one that stands nowhere in it.
  let marker = '~';
  while (plain.includes(marker)) marker += '~';
  texts.length = 0;
  const whole = marked(marker).replace(new RegExp(`"${marker}(\\d+)"`, 'g'), (_all, at) => texts[at] ?? '');
  return indent > 0 ? reformat(whole, indent) : whole;
}
