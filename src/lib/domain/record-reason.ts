import { clipBytes, escapeLine } from './escape.js';
import { reasonOf } from './failure.js';
import type { JournalRecord } from './record.js';

const maxBytes = 256;

/**
 * Why a record was written, on one line of at most 256 bytes; null when its kind says it all. Records are checked
 * for what is needed to find them, not for their details: those may be anything, and this never throws.
 */
export function recordReason(record: JournalRecord): string | null {
  const { kind, failure, error, late, to, until, operator, note } = record;
  if (failure) return safely(() => reasonOf(failure));
  if (error) return safely(() => reasonOf({ kind: 'error', ...error }));
  if (kind === 'RESOLVED') return late ? 'late: after its lease had lapsed' : null;
  if (kind === 'ROUTED') return to === undefined ? null : `to ${to}`;
  if (kind === 'SNOOZED') return until === undefined ? null : `until ${until}`;
  const by = operator === undefined ? '' : `by ${operator}`;
  return clipBytes(escapeLine([by, note].filter(Boolean).join(': ')), maxBytes) || null;
}

/** A forged record may hold anything where a text belongs. */
function safely(make: () => unknown): string | null {
  try {
    return String(make());
  } catch {
    return null;
  }
}
