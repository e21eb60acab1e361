import type { DeadLetterItem } from '../dlq/item.js';
import { escapeLine } from '../domain/escape.js';
import type { View } from './dead-letters.js';
import { fitLine } from './fit-line.js';
import { renderTime, timeOfDay } from './time.js';

const aboutWidth = 26;
/** Below it there is no room for the day, nor for how many attempts there were. */
const widthForAll = 70;

/**
 * A dead letter as one line of a stream that is followed: when it died (UTC), who gave up on which event, after how
 * many attempts, and why. Cut to the width.
 */
export function renderDeath(item: DeadLetterItem, { width, colors }: View): string {
  const { deadAt, id, attempts, cycle, reason } = item;
  const at = escapeLine(deadAt);
  const about = escapeLine(id);
  const tries = `${attempts.main}+${attempts.retry}`.padStart(4);
  const why = escapeLine(`${cycle === 0 ? '' : `[cycle ${cycle}] `}${originalNote(item)}${reason}`);
  const isNarrow = width < widthForAll;
  const parts = [
    { text: isNarrow ? timeOfDay(at) : renderTime(at), paint: colors.dim },
    { text: isNarrow ? about : about.padEnd(aboutWidth), paint: colors.bold },
    ...(isNarrow ? [] : [{ text: tries, paint: colors.dim }]),
    { text: why, paint: colors.red },
  ];
  return fitLine(parts, width);
}

function originalNote({ original, resolvedLate }: DeadLetterItem): string {
  if (resolvedLate) return '[resolved late] ';
  return original === 'present' ? '' : `[original ${original}] `;
}
