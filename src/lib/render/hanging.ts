import { columnsOf } from './columns.js';

/** Less room than this beside what stands before it: the text begins on a line of its own. */
const leastRoom = 24;
const ownLineIndent = 4;

/** Shorter texts are quicker read again than looked up. */
const worthReferring = 40;

/**
 * `text` as it follows `before` columns of its line: broken at blanks so that no line is wider than `width`, its
 * further lines under its first. What goes into a pipe is as wide as it is.
 */
export function hanging(before: number, text: string, width: number): string {
  if (before + columnsOf(text) <= width) return text;
  const beside = width - before >= leastRoom;
  const indent = beside ? before : Math.min(before, ownLineIndent);
  const lines = broken(text, Math.max(leastRoom / 2, width - indent));
  const further = `\n${' '.repeat(indent)}`;
  return (beside ? '' : further) + lines.join(further);
}

function broken(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (columnsOf(longer) <= room) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (columnsOf(line) > room) {
      const part = beginning(line, room);
      lines.push(part);
      line = line.slice(part.length);
    }
  }
  return [...lines, line];
}

/** As many of its characters as fit, and one at least. */
function beginning(text: string, room: number): string {
  let part = '';
  let left = room;
  for (const char of text) {
    left -= columnsOf(char);
    if (left < 0 && part !== '') break;
    part += char;
  }
  return part;
}

/** Says `same as above` for a long text that comes again and again, one line after the other. */
export class Repetitions {
  private last = '';

  /** `text`, or that it is the one of the call before. An empty text is no text. */
  shown(text: string): string {
    if (text === '') return text;
    const again = text === this.last && text.length >= worthReferring;
    this.last = text;
    return again ? 'same as above' : text;
  }
}
