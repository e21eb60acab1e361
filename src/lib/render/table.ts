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

/** Rows under titles, within the width. Every cell is escaped; what is too long ends in `…`. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string {
  const cells = rows.map((row) => row.map(escapeLine));
  const widths = fit(columns, cells, options.width);
  const lines =
    rows.length > maxLaidOut
      ? plain(columns, cells, widths, options.colors)
      : laidOut(columns, cells, widths, options.colors);
  return lines.map((line) => line.trimEnd()).join('\n');
}

function fit(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): number[] {
  const widths = columns.map(({ title }, i) =>
    rows.reduce((widest, row) => Math.max(widest, columnsOf(row[i] ?? '')), title.length),
  );
  const total = (): number => widths.reduce((sum, one) => sum + one, gap * (columns.length - 1));
  for (let over = total() - width; over > 0; over = total() - width) {
    const widest = widestFlexible(columns, widths);
    if (widest === undefined) break;
    widths[widest] = Math.max(narrowest, (widths[widest] ?? 0) - Math.max(1, Math.floor(over / 2)));
  }
  return widths;
}

function widestFlexible(columns: readonly Column[], widths: readonly number[]): number | undefined {
  let best: number | undefined;
  for (const [i, { flexible }] of columns.entries()) {
    const width = widths[i] ?? 0;
    if (flexible && width > narrowest && width > (best === undefined ? 0 : (widths[best] ?? 0))) best = i;
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
