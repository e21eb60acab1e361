import { factsOf, type Pattern, type SelectionKey, type Term } from './selection.js';

/** The text that alone matches; undefined where wildcards let others match too. */
export function exactText(pattern: Pattern): string | undefined {
  return pattern.length === 1 ? pattern[0] : undefined;
}

/**
 * Text that is no condition: some part of each reason is so, and nothing else is ever so, which with `-` holds for
 * all. Of events, the empty text is a value as others are.
 */
export function isBlank(key: SelectionKey, pattern: Pattern): boolean {
  if (factsOf(key).from === 'event') return false;
  const mayHold = key === 'reason' || exactText(pattern) !== undefined;
  return mayHold && pattern.every((piece) => piece.trim() === '');
}

/** The values of a term that are no more than text. */
export function exactTexts({ values }: Term): string[] {
  return values.flatMap((value) => (value.is === 'text' ? (exactText(value.pattern) ?? []) : []));
}

/** Is the whole text of this pattern? Takes time in proportion to both, whatever they hold. */
export function matchesPattern(pattern: Pattern, text: string): boolean {
  const [first = '', ...others] = pattern;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  const end = text.length - last.length;
  const at = findParts(others, text, first.length);
  return at !== undefined && at <= end && text.endsWith(last);
}

/** Is some part of the text of this pattern? */
export function containsPattern(pattern: Pattern, text: string): boolean {
  return findParts(pattern, text, 0) !== undefined;
}

/** Where the last of the parts ends, each taken as early as may be; undefined: they don't stand there in this order. */
function findParts(parts: readonly string[], text: string, from: number): number | undefined {
  let at = from;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found === -1) return undefined;
    at = found + part.length;
  }
  return at;
}

/** The same in any case. */
export function lowerCased(pattern: Pattern): Pattern {
  return pattern.map((part) => part.toLowerCase());
}
