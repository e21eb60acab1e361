import { expect, test } from 'vitest';
import { makeFailure } from '../../../../src/lib/domain/failure.js';
import type { JournalRecord } from '../../../../src/lib/domain/record.js';
import { stepOf } from '../../../../src/lib/events/explain/steps.js';

const failure = makeFailure('error', 'SmtpError', 'refused');
const at = '2026-01-31T12:00:00.000Z';
const snoozed: JournalRecord = {
  v: 1,
  kind: 'SNOOZED',
  at,
  tier: 'business',
  consumer: 'notifications-consumer',
  stage: 'main',
  cycle: 0,
  origin: { stream: 'events', seq: 42, subject: 'events.totp.requested', time: '1769860800000000000' },
  attempt: 2,
  until: at,
};

test.each([
  ['MAX_DELIVERIES', {}, 'attempts used up: SmtpError: refused'],
  ['MAX_DELIVERIES', { attempt: 3 }, 'attempt 3 failed, attempts used up: SmtpError: refused'],
  ['MSG_TERMINATED', {}, 'failed permanently: SmtpError: refused'],
  ['MSG_TERMINATED', { attempt: 1 }, 'attempt 1 failed permanently: SmtpError: refused'],
] as const)('%s with %j tells of its last attempt', (kind, change, text) => {
  const { v, at, tier, consumer, stage, cycle, origin } = snoozed;
  const record = { v, at, tier, consumer, stage, cycle, origin, kind, failure, ...change };
  expect(stepOf({ journalSeq: 1, record }, undefined)).toMatchObject({ kind, text });
});

test.each([
  ['a handler snoozed', {}, `attempt 2 snoozed until ${at}`],
  [
    'the process took back',
    { takenBack: true },
    'attempt 2 taken back: its process stopped before it had ended',
  ],
] as const)('an attempt that %s says so', (_what, change, text) => {
  const step = stepOf({ journalSeq: 1, record: { ...snoozed, ...change } }, undefined);
  expect(step).toMatchObject({ kind: 'SNOOZED', attempt: 2, text });
});
