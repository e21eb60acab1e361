import type { StoredRecord } from '../../domain/attempt.js';
import { escapeLine } from '../../domain/escape.js';
import type { JournalRecord } from '../../domain/record.js';
import { recordReason } from '../../domain/record-reason.js';
import type { Pointer } from '../../domain/pointer.js';
import type { RecordKind } from '../../domain/subjects.js';
import type { Step } from './explanation.js';

/** A record as a step; `waiting` is the pointer that waits in the retry stage now. */
export function stepOf({ journalSeq, record }: StoredRecord, waiting: Pointer | undefined): Step {
  const { at, kind, tier, stage, cycle, attempt, worker, operator, note, task } = record;
  const dueAt = dueOf(record, waiting);
  return {
    journalSeq,
    at: escapeLine(at),
    kind,
    tier,
    stage,
    cycle,
    attempt: attempt ?? null,
    text: textOf(record, dueAt),
    worker: textOrNull(worker),
    operator: textOrNull(operator),
    note: textOrNull(note),
    task: textOrNull(task),
    dueAt,
  };
}

/** What a forged record holds in place of a text is none. */
function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? escapeLine(value) : null;
}

function dueOf(
  { kind, to, stage, cycle, until }: JournalRecord,
  waiting: Pointer | undefined,
): string | null {
  if (kind === 'SNOOZED') return textOrNull(until);
  const own = kind === 'ROUTED' && to === 'retry' && stage === 'main' && waiting?.cycle === cycle;
  return own && waiting.notBeforeMs > 0 ? new Date(waiting.notBeforeMs).toISOString() : null;
}

function textOf(record: JournalRecord, dueAt: string | null): string {
  const { attempt, alone, late } = record;
  const which = attempt === undefined ? 'an attempt' : `attempt ${attempt}`;
  const reason = recordReason(record);
  const because = reason === null ? '' : `: ${reason}`;
  const by = reason === null ? '' : ` ${reason}`;
  const texts: Record<RecordKind, string> = {
    ATTEMPT_STARTED: `${which} started${alone ? ', alone in its process' : ''}`,
    ATTEMPT_FAILED: `${which} failed${because}`,
    SNOOZED: record.takenBack === true ? `${which} taken back${because}` : `${which} snoozed${by}`,
    MAX_DELIVERIES: `attempts used up${because}`,
    MSG_TERMINATED: `failed for good${because}`,
    ROUTED: routedText(record, dueAt),
    RESOLVED: `${which} succeeded${late ? ', late: after its lease had lapsed' : ''}`,
    REPLAYED: `replayed${by}`,
    DISCARDED: `discarded${by}`,
    MOVED: `moved${by}`,
  };
  return texts[record.kind];
}

function routedText({ tier, to }: JournalRecord, dueAt: string | null): string {
  if (tier === 'meta') return 'could not be routed: to the DLQ';
  if (to !== 'retry') return 'dead: to the DLQ';
  return dueAt === null ? 'to the retry stage' : `to the retry stage, due ${dueAt}`;
}
