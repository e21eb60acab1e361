import { clipBytes, escapeLine } from './escape.js';
import { reasonOf } from './failure.js';
import type { JournalRecord } from './record.js';

const maxBytes = 256;

/**
 * Why a record was written, on one line of at most 256 bytes; null when its kind says it all. Records are checked
 * for what is needed to find them, not for their details: those may be anything, and this never throws.
 */
export function recordReason(record: JournalRecord): string | null {
  try {
    const text = textOf(record);
    return clipBytes(escapeLine(text.slice(0, maxBytes + 1)), maxBytes) || null;
  } catch {
    // A forged record may hold anything where a text belongs.
    return null;
  }
}

function textOf(record: JournalRecord): string {
  const { kind, failure, error, late, to, until, takenBack, operator, note } = record;
  const { movedTo, movedFrom } = record;
  if (failure) return reasonOf(failure);
  if (error) return reasonOf({ kind: 'error', ...error });
  if (kind === 'RESOLVED') return late ? 'late: after its lease had lapsed' : '';
  if (kind === 'ROUTED') return to === undefined ? '' : `to ${to}`;
  if (kind === 'SNOOZED' && takenBack === true) return 'its process stopped before it had ended';
  if (kind === 'SNOOZED') return until === undefined ? '' : `until ${until}`;
  const by = operator === undefined ? '' : `by ${operator}`;
  const moved = movedTo === undefined ? `from ${movedFrom}` : `to ${movedTo}`;
  const what = kind === 'MOVED' ? [moved, by].filter(Boolean).join(' ') : by;
  return [what, note].filter(Boolean).join(': ');
}
