import Table from 'cli-table3';
import type { Colors } from './colors.js';
import { escapeLine } from '../domain/escape.js';
import { clipColumns, columnsOf } from './columns.js';

export interface Column {
  readonly title: string;
  /** May be cut where the line is too narrow; the others never are. */
  readonly flexible?: boolean;
  readonly align?: 'left' | 'right';
  /** Colours a cell; gets what is shown, cut and padded. */
  readonly paint?: (text: string, row: number) => string;
}

export interface TableOptions {
  /** Width of the terminal in columns. */
  readonly width: number;
  readonly colors: Colors;
}

/** Beyond this, cli-table3 takes seconds. */
const maxLaidOut = 200;
const gap = 2;
const narrowest = 8;

const none = '';
const noBorders = {
  top: none,
  'top-mid': none,
  'top-left': none,
  'top-right': none,
  bottom: none,
  'bottom-mid': none,
  'bottom-left': none,
  'bottom-right': none,
  left: none,
  'left-mid': none,
  mid: none,
  'mid-mid': none,
  right: none,
  'right-mid': none,
  middle: ' '.repeat(gap),
};

/** A table as it is shown: where no row would fit into a line, each is a few lines, and there are no titles. */
export interface TableLines {
  readonly titles: string | undefined;
  /** Each as one text, without a line feed at its end. */
  readonly rows: readonly string[];
}

/** Rows under titles, within the width. Every cell is escaped; what is too long ends in `…`. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string {
  const { titles, rows: lines } = tableLines(columns, rows, options);
  return [...(titles === undefined ? [] : [titles]), ...lines].join('\n');
}

/** The same, for who puts something below a row. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): TableLines {
  const cells = rows.map((row) => row.map(escapeLine));
  const widths = fit(columns, cells, options.width);
  if (totalOf(widths) > options.width && rows.length > 0)
    return { titles: undefined, rows: cells.map((row, at) => stacked(columns, row, at, options)) };
  const lines =
    rows.length > maxLaidOut
      ? plain(columns, cells, widths, options.colors)
      : laidOut(columns, cells, widths, options.colors);
  const [titles, ...others] = lines.map((line) => line.trimEnd());
  return { titles, rows: others };
}

function fit(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): number[] {
  const widths = columns.map(({ title }, i) =>
    rows.reduce((widest, row) => Math.max(widest, columnsOf(row[i] ?? '')), title.length),
  );
  for (let over = totalOf(widths) - width; over > 0; over = totalOf(widths) - width) {
    const widest = widestFlexible(columns, widths);
    if (widest === undefined) break;
    const least = leastOf(columns[widest]);
    widths[widest] = Math.max(least, (widths[widest] ?? 0) - Math.max(1, Math.floor(over / 2)));
  }
  return widths;
}

/** Its title is never cut. */
function leastOf(column: Column | undefined): number {
  return Math.max(narrowest, column?.title.length ?? 0);
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, one) => sum + one, gap * (widths.length - 1));
}

/** One row on as many lines as it takes: its name, and below it each value behind the title of its column. */
function stacked(
  columns: readonly Column[],
  row: readonly string[],
  at: number,
  { width, colors }: TableOptions,
): string {
  const lines: { text: string; columns: number }[] = [];
  for (const [i, { title, paint = (text: string) => text }] of columns.entries()) {
    const cell = row[i] ?? '';
    if (cell === '') continue;
    const isName = i === 0 && isNameOf(columns);
    const [whole, named] = [width - (lines.length === 0 ? 0 : gap), `${title.toLowerCase()} `];
    const name = isName || whole - named.length < narrowest ? '' : named;
    const room = Math.max(1, whole - name.length);
    const shown = clipColumns(cell, room);
    const part = { text: colors.dim(name) + paint(shown, at), columns: name.length + columnsOf(shown) };
    const last = lines.at(-1);
    if (last === undefined) lines.push(part);
    else if (!(i === 1 && isNameOf(columns)) && last.columns + gap + part.columns <= width) {
      last.text += ' '.repeat(gap) + part.text;
      last.columns += gap + part.columns;
    } else lines.push({ text: ' '.repeat(gap) + part.text, columns: gap + part.columns });
  }
  return lines.map(({ text }) => text).join('\n');
}

function isNameOf([first]: readonly Column[]): boolean {
  return first?.align !== 'right';
}

function widestFlexible(columns: readonly Column[], widths: readonly number[]): number | undefined {
  let best: number | undefined;
  for (const [i, column] of columns.entries()) {
    const width = widths[i] ?? 0;
    if (column.flexible && width > leastOf(column) && width > (best === undefined ? 0 : (widths[best] ?? 0)))
      best = i;
  }
  return best;
}

function laidOut(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
  colors: Colors,
): string[] {
  const table = new Table({
    head: columns.map(({ title }) => colors.dim(title)),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    chars: noBorders,
    wordWrap: false,
  });
  for (const [at, row] of rows.entries()) {
    const clipped = row.map((text, i) => clipColumns(text, widths[i] ?? 0));
    table.push(clipped.map((text, i) => columns[i]?.paint?.(text, at) ?? text));
  }
  return table.toString().split('\n');
}

/** One row a line, as fast as text can be written. */
function plain(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
  colors: Colors,
): string[] {
  const line = (row: readonly string[], painted: (text: string, column: number) => string): string =>
    columns
      .map(({ align }, i) => {
        const text = clipColumns(row[i] ?? '', widths[i] ?? 0);
        const blank = ' '.repeat(Math.max(0, (widths[i] ?? 0) - columnsOf(text)));
        return align === 'right' ? blank + painted(text, i) : painted(text, i) + blank;
      })
      .join(' '.repeat(gap));
  const titles = columns.map(({ title }) => title);
  return [
    line(titles, (text) => colors.dim(text)),
    ...rows.map((row, at) => line(row, (text, i) => columns[i]?.paint?.(text, at) ?? text)),
  ];
}
