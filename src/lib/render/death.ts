import type { DeadLetterItem } from '../dlq/item.js';
import { escapeLine } from '../domain/escape.js';
import { clipColumns } from './columns.js';
import type { View } from './dead-letters.js';
import { renderTime } from './time.js';

const aboutWidth = 26;

/**
 * A dead letter as one line of a stream that is followed: when it died (UTC), who gave up on which event, after how
 * many attempts, and why. Cut to the width.
 */
export function renderDeath(item: DeadLetterItem, { width, colors }: View): string {
  const { deadAt, id, attempts, cycle, reason } = item;
  const when = renderTime(escapeLine(deadAt));
  const about = escapeLine(id).padEnd(aboutWidth);
  const tries = `${attempts.main}+${attempts.retry}`.padStart(4);
  const why = escapeLine(`${cycle === 0 ? '' : `[cycle ${cycle}] `}${originalNote(item)}${reason}`);
  const before = when.length + about.length + tries.length + 6;
  // What does not fit beside the others is cut, but never to nothing.
  const shown = clipColumns(why, Math.max(20, width - before));
  return `${colors.dim(when)}  ${colors.bold(about)}  ${colors.dim(tries)}  ${colors.red(shown)}`.trimEnd();
}

function originalNote({ original, resolvedLate }: DeadLetterItem): string {
  if (resolvedLate) return '[resolved late] ';
  return original === 'present' ? '' : `[original ${original}] `;
}
