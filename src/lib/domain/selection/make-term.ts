import { isoOfMs } from '../time.js';
import type { Operator, Pattern, SelectionKey, Term, Value } from './selection.js';

/** `key:text`, exactly this text where it is no pattern. */
export function textTerm(key: SelectionKey, text: string | Pattern): Term {
  return term(key, { is: 'text', pattern: typeof text === 'string' ? [text] : text });
}

/** `key:>=3` */
export function numberTerm(key: SelectionKey, op: Operator, value: number): Term {
  return term(key, { is: 'number', comparison: { op, value } });
}

/** Years have four digits where they are written; nothing died outside of them. */
const lastMs = Date.parse('9999-12-31T23:59:59.999Z');

/** `key:>=2026-11-20T12:00:00.000Z` */
export function momentTerm(key: SelectionKey, op: Operator, ms: number): Term {
  const value = isoOfMs(Math.round(Math.min(Math.max(ms, 0), lastMs)));
  return term(key, { is: 'moment', comparison: { op, value } });
}

function term(key: SelectionKey, value: Value): Term {
  return { key, not: false, values: [value] };
}
