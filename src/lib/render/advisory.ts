import type { AdvisoryLine } from '../journal/advisory-line.js';
import { escapeLine } from '../domain/escape.js';
import type { Colors } from './colors.js';
import { kindColor } from './kind-color.js';
import { renderTime } from './time.js';

const kindWidth = 15;
const aboutWidth = 32;
const stageWidth = 8;

/**
 * One line of the journal: when (UTC), who says it, what, about whom, in which stage, and why. Aligned as far as
 * names allow: in a stream that is followed, the length of the next ones is unknown.
 */
export function renderAdvisory(line: AdvisoryLine, colors: Colors): string {
  const { at, kind, source, consumer, stream, seq, stage, cycle, attempt, deliveries, reason, tier } = line;
  const about = escapeLine(consumer === null ? `${stream} ${seq}` : `${consumer}/${seq}`);
  const where = stage === null ? stream : `${stage}${cycle ? `/${cycle}` : ''}`;
  // Of our own records the attempt counts, of the server's how often it delivered.
  const count = stage === null ? deliveries : attempt;
  const parts = [
    colors.dim(renderTime(escapeLine(at))),
    colors.dim(source === 'server' ? 'server  ' : 'pipeline'),
    kindColor(kind, colors)(kind.padEnd(kindWidth)),
    about.padEnd(aboutWidth),
    escapeLine(where).padEnd(stageWidth),
    (count === null ? '' : `#${count}`).padStart(3),
    ...(tier === 'meta' ? [colors.dim('meta')] : []),
    escapeLine(reason ?? ''),
  ];
  return parts.join('  ').trimEnd();
}
