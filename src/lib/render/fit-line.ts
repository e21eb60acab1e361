import { clipColumns, columnsOf } from './columns.js';

/** A part of a line: its text, escaped, and how it is coloured. */
export interface LinePart {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

const gap = 2;

/** The parts beside each other, cut at `width`: no line of a stream that is followed is wider than the terminal. */
export function fitLine(parts: readonly LinePart[], width: number): string {
  let left = width;
  const shown: LinePart[] = [];
  for (const { text, paint } of parts) {
    if (left <= 0) break;
    const clipped = clipColumns(text, left);
    shown.push({ text: clipped, ...(paint ? { paint } : {}) });
    left -= columnsOf(clipped) + gap;
  }
  // Blanks at the end are nobody's, whatever their colour.
  const last = shown.findLastIndex(({ text }) => text.trim() !== '');
  const painted = shown.slice(0, last + 1).map(({ text, paint = asItIs }, at) => {
    return paint(at === last ? text.trimEnd() : text);
  });
  return painted.join(' '.repeat(gap));
}

const asItIs = (text: string): string => text;
