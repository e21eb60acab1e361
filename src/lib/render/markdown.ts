import { escapeLine } from '../domain/escape.js';

/** What Markdown, or HTML in it, would take for more than text. */
const special = /[\\`*_[\]<>|~&#!]/g;

/** Text that stands in Markdown as it is, on one line: in a cell of a table too. */
export function markdownText(text: string): string {
  return escapeLine(text).replace(special, String.raw`\$&`);
}

export interface MarkdownColumn {
  readonly title: string;
  readonly align?: 'right';
}

/** A table; every cell is text. */
export function markdownTable(
  columns: readonly MarkdownColumn[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    `|${columns.map(({ align }) => (align === 'right' ? '---:' : '---')).join('|')}|`,
    ...rows.map((row) => line(row.map(markdownText))),
  ].join('\n');
}
