import { expect, test } from 'vitest';
import type { JournalRecord } from '../../../../src/lib/domain/record.js';
import { stepOf } from '../../../../src/lib/events/explain/steps.js';

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
