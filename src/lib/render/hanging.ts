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
    if (line !== '') lines.push(line.trimEnd());
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

/** Refers to a long text that stands above already, whatever short ones stand between. */
export class Repetitions {
  private last = '';

  /** `text`, or that it is the last long one. */
  shown(text: string): string {
    if (text.length < worthReferring) return text;
    if (text === this.last) return 'same reason as above';
    this.last = text;
    return text;
  }
}
