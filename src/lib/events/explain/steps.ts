import type { StoredRecord } from '../../domain/attempt.js';
import { escapeLine } from '../../domain/escape.js';
import { attemptOf, type JournalRecord, type RecordOf } from '../../domain/record.js';
import { kindFacts } from '../../domain/record-kinds.js';
import { recordReason } from '../../domain/record-reason.js';
import type { Pointer } from '../../domain/pointer.js';
import type { Step } from './explanation.js';

/** A record as a step; `waiting` is the pointer that waits in the retry stage now. */
export function stepOf({ journalSeq, record }: StoredRecord, waiting: Pointer | undefined): Step {
  const { at, kind, tier, stage, cycle, worker, operator, note, task } = record;
  const dueAt = dueOf(record, waiting);
  return {
    journalSeq,
    at: escapeLine(at),
    kind,
    tier,
    stage,
    cycle,
    attempt: attemptOf(record) ?? null,
    text: textOf(record, dueAt),
    worker: textOrNull(worker),
    operator: textOrNull(operator),
    note: textOrNull(note),
    task: textOrNull(task),
    dueAt,
  };
}

/** What a forged record holds in place of a text is none. */
export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? escapeLine(value) : null;
}

function dueOf(record: JournalRecord, waiting: Pointer | undefined): string | null {
  if (record.kind === 'SNOOZED') return textOrNull(record.until);
  if (record.kind !== 'ROUTED') return null;
  const own = record.to === 'retry' && record.stage === 'main' && waiting?.cycle === record.cycle;
  return own && waiting.notBeforeMs > 0 ? new Date(waiting.notBeforeMs).toISOString() : null;
}

function textOf(record: JournalRecord, dueAt: string | null): string {
  const { kind } = record;
  const { title } = kindFacts[kind];
  const attempt = attemptOf(record);
  const which = attempt === undefined ? 'an attempt' : `attempt ${attempt}`;
  const reason = recordReason(record);
  const because = reason === null ? '' : `: ${reason}`;
  const by = reason === null ? '' : ` ${reason}`;
  switch (kind) {
    case 'ATTEMPT_STARTED':
      return `${which} ${title}${record.alone ? ', alone in its process' : ''}`;
    case 'ATTEMPT_FAILED':
      return `${which} ${title}${because}`;
    case 'SNOOZED':
      return record.takenBack === true ? `${which} taken back${because}` : `${which} ${title}${by}`;
    case 'RESOLVED':
      return `${which} ${title}${record.late ? ', late: after its lease had lapsed' : ''}`;
    case 'ROUTED':
      return routedText(record, dueAt);
    case 'MAX_DELIVERIES':
      return attempt === undefined ? `${title}${because}` : `${which} failed, ${title}${because}`;
    case 'MSG_TERMINATED':
      return attempt === undefined ? `${title}${because}` : `${which} ${title}${because}`;
    default:
      return `${title}${by}`;
  }
}

function routedText({ tier, to }: RecordOf<'ROUTED'>, dueAt: string | null): string {
  if (tier === 'meta') return 'could not be routed: to the DLQ';
  if (to !== 'retry') return 'dead: to the DLQ';
  return dueAt === null ? 'to the retry stage' : `to the retry stage, due ${dueAt}`;
}
