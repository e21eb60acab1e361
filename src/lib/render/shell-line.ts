import { columnsOf } from './columns.js';

/** A command line, broken between its words as a shell reads it: it can be copied whole. What is quoted stays whole. */
export function shellLine(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  const [first = '', ...words] = text.match(/(?:'[^']*'|"[^"]*"|\S)+/g) ?? [];
  const lines = [first];
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`;
    // Room for the backslash.
    if (columnsOf(longer) + 2 <= width) lines[lines.length - 1] = longer;
    else lines.push(`    ${word}`);
  }
  return lines.join(' \\\n');
}
