import type { AdvisoryLine } from '../journal/advisory-line.js';
import { escapeLine } from '../domain/escape.js';
import type { View } from './dead-letters.js';
import { fitLine, type LinePart } from './fit-line.js';
import { kindColor } from './kind-color.js';
import { renderTime, timeOfDay } from './time.js';

const kindWidth = 15;
const aboutWidth = 32;
const stageWidth = 8;
/** Below it the columns are as wide as their words, and only what the server says is marked. */
const widthForColumns = 120;
/** Below it there is no room for the day beside a reason. */
const widthForDay = 100;
/** Below it nor for the stage. */
const widthForStage = 60;

/**
 * One line of the journal: when (UTC), who says it, what, about whom, in which stage, and why. Aligned as far as
 * names and width allow: in a stream that is followed, the length of the next ones is unknown. Cut to the width.
 */
export function renderAdvisory(
  line: AdvisoryLine,
  { width, colors }: Pick<View, 'width' | 'colors'>,
): string {
  const { at, kind, source, consumer, stream, seq, stage, cycle, attempt, deliveries, reason, tier } = line;
  const about = escapeLine(consumer === null ? `${stream} ${seq}` : `${consumer}/${seq}`);
  const where = escapeLine(stage === null ? stream : `${stage}${cycle ? `/${cycle}` : ''}`);
  // Of our own records the attempt counts, of the server's how often it delivered.
  const counted = stage === null ? deliveries : attempt;
  const count = counted === null ? '' : `#${counted}`;
  const meta: LinePart[] = tier === 'meta' ? [{ text: 'meta', paint: colors.dim }] : [];
  const why: LinePart = { text: escapeLine(reason ?? '') };
  const what = (text: string): LinePart => ({ text, paint: kindColor(kind, colors) });
  if (width >= widthForColumns) {
    const parts: LinePart[] = [
      { text: renderTime(escapeLine(at)), paint: colors.dim },
      { text: source.padEnd('pipeline'.length), paint: colors.dim },
      what(kind.padEnd(kindWidth)),
      { text: about.padEnd(aboutWidth) },
      { text: where.padEnd(stageWidth) },
      { text: count.padStart(3) },
      ...meta,
      why,
    ];
    return fitLine(parts, width);
  }
  const parts: LinePart[] = [
    { text: width < widthForDay ? timeOfDay(escapeLine(at)) : renderTime(escapeLine(at)), paint: colors.dim },
    // What is cut of the kind is guessed, of the event it is not.
    ...(width < widthForStage
      ? [{ text: about }, what(kind)]
      : [what(kind.padEnd(kindWidth)), { text: about }]),
    ...(width < widthForStage ? [] : [{ text: `${where} ${count}`.trim(), paint: colors.dim }]),
    ...meta,
    ...(source === 'server' ? [{ text: 'server', paint: colors.dim }] : []),
    why,
  ];
  return fitLine(parts, width);
}
