import { kindFacts } from '../domain/record-kinds.js';
import { type AdvisoryKind, malformedKind } from '../journal/advisory-line.js';
import type { Colors } from './colors.js';

/** As the table of kinds says; red is also what can't be read. */
export function kindColor(kind: AdvisoryKind, colors: Colors): (text: string) => string {
  const color = kind === malformedKind ? 'red' : kindFacts[kind].color;
  return color === null ? (text) => text : colors[color];
}
