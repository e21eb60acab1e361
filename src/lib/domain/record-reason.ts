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
  switch (record.kind) {
    case 'MAX_DELIVERIES':
    case 'MSG_TERMINATED':
      return record.failure ? reasonOf(record.failure) : '';
    case 'ATTEMPT_FAILED':
      return record.error ? reasonOf({ kind: 'error', ...record.error }) : '';
    case 'SNOOZED':
      if (record.takenBack === true) return 'its process stopped before it had ended';
      return record.until === undefined ? '' : `until ${record.until}`;
    case 'RESOLVED':
      return record.late ? 'late: after its lease had lapsed' : '';
    case 'ROUTED':
      return record.to === undefined ? '' : `to ${record.to}`;
    case 'MOVED':
      return by(record, record.movedTo === undefined ? `from ${record.movedFrom}` : `to ${record.movedTo}`);
    default:
      return by(record);
  }
}

/** What a person did, who it was, and why. */
function by({ operator, note }: JournalRecord, what?: string): string {
  const who = operator === undefined ? undefined : `by ${operator}`;
  const done = [what, who].filter(Boolean).join(' ');
  return [done, note].filter(Boolean).join(': ');
}
