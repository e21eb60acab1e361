import type { AdvisoryKind } from '../journal/advisory-line.js';
import type { Colors } from './colors.js';

const colorOf: Partial<Record<AdvisoryKind, 'red' | 'yellow' | 'green' | 'cyan'>> = {
  MAX_DELIVERIES: 'red',
  MSG_TERMINATED: 'red',
  MALFORMED: 'red',
  ATTEMPT_FAILED: 'yellow',
  RESOLVED: 'green',
  REPLAYED: 'cyan',
  DISCARDED: 'cyan',
  MOVED: 'cyan',
};

/** Red: an event was given up. Yellow: an attempt went wrong. Green: it is well again. Cyan: a person did it. */
export function kindColor(kind: AdvisoryKind, colors: Colors): (text: string) => string {
  const color = colorOf[kind];
  return color === undefined ? (text) => text : colors[color];
}
