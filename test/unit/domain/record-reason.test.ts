import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeFailure } from '../../../src/lib/domain/failure.js';
import type { JournalRecord } from '../../../src/lib/domain/record.js';
import { decodeRecord } from '../../../src/lib/domain/record-decode.js';
import { recordReason } from '../../../src/lib/domain/record-reason.js';
import { spoiled } from './arbitraries.js';
import { property } from '../../support/property.js';

const failure = makeFailure('error', 'SmtpError', 'refused');
const plain: JournalRecord = {
  v: 1,
  kind: 'ATTEMPT_STARTED',
  at: '2026-01-31T12:00:00.000Z',
  tier: 'business',
  consumer: 'notifications-consumer',
  stage: 'main',
  cycle: 0,
  origin: { stream: 'events', seq: 42, subject: 'events.a', time: '17' },
};

test.each<[string, Partial<JournalRecord>, string | null]>([
  ['a started attempt', { kind: 'ATTEMPT_STARTED', attempt: 1 }, null],
  ['a failed attempt', { kind: 'ATTEMPT_FAILED', error: failure }, 'SmtpError: refused'],
  ['an exhaustion', { kind: 'MAX_DELIVERIES', failure }, 'SmtpError: refused'],
  ['a success', { kind: 'RESOLVED' }, null],
  ['a late success', { kind: 'RESOLVED', late: true }, 'late: after its lease had lapsed'],
  ['a hop', { kind: 'ROUTED', to: 'dlq' }, 'to dlq'],
  ['a snooze', { kind: 'SNOOZED', until: '2026-01-31T13:00:00.000Z' }, 'until 2026-01-31T13:00:00.000Z'],
  [
    'an attempt that its process took back',
    { kind: 'SNOOZED', until: '2026-01-31T13:00:00.000Z', takenBack: true },
    'its process stopped before it had ended',
  ],
  ['a replay', { kind: 'REPLAYED', operator: 'ada@host', note: 'SMTP is back' }, 'by ada@host: SMTP is back'],
  ['a replay without a note', { kind: 'REPLAYED', operator: 'ada@host' }, 'by ada@host'],
  ['a discard that nobody signed', { kind: 'DISCARDED' }, null],
])('the reason of %s', (_what, facts, reason) => {
  expect(recordReason({ ...plain, ...facts })).toBe(reason);
});

test('whatever a record holds, its reason is one line of at most 256 bytes that no terminal obeys', () => {
  const forged = '\u001b[2J\n\u202e'.repeat(100);
  const records: Partial<JournalRecord>[] = [
    { kind: 'MAX_DELIVERIES', failure: { ...failure, name: forged, message: forged } },
    { kind: 'ATTEMPT_FAILED', error: { ...failure, message: forged } },
    { kind: 'ROUTED', to: forged as 'dlq' },
    { kind: 'SNOOZED', until: forged },
    { kind: 'REPLAYED', operator: forged, note: forged },
  ];
  for (const facts of records) {
    const reason = recordReason({ ...plain, ...facts }) ?? '';
    expect(reason).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(256);
    expect(reason).toContain('\\u001b');
  }
});

property('it never throws for a record that could be read', () => {
  const all = {
    ...plain,
    failure,
    error: failure,
    late: true,
    to: 'dlq',
    until: 'x',
    operator: 'o',
    note: 'n',
  };
  return fc.property(spoiled(all), (bytes) => {
    const decoded = decodeRecord(bytes);
    if (!decoded.ok) return;
    const reason = recordReason(decoded.value);
    expect(reason === null || typeof reason === 'string').toBe(true);
  });
});
