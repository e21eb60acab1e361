import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deadLetterOf, formatDeadLetterId, parseDeadLetterId } from '../../../src/lib/domain/dead-letter.js';
import { makeFailure } from '../../../src/lib/domain/failure.js';
import type { Pointer } from '../../../src/lib/domain/pointer.js';
import { property } from '../../support/property.js';

property('an id parses back to its consumer and sequence', () =>
  fc.property(
    fc.stringMatching(/^[A-Za-z0-9_-]{1,128}$/),
    fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    (consumer, seq) => {
      expect(parseDeadLetterId(formatDeadLetterId({ consumer, seq }))).toEqual({ consumer, seq });
    },
  ),
);

test.each([
  '',
  'notifications-consumer',
  'notifications-consumer/',
  '/42',
  'notifications-consumer/0',
  'notifications-consumer/042',
  'notifications-consumer/-1',
  'notifications-consumer/4.2',
  'notifications-consumer/42/1',
  'notifications-consumer/42 ',
  'notifications-consumer/42\n',
  'a.b/42',
  'a b/42',
  '../42',
  `${'x'.repeat(129)}/42`,
  'notifications-consumer/9007199254740993',
  'notifications-consumer/99999999999999999999',
])('%j is no id of a dead letter', (text) => {
  expect(parseDeadLetterId(text)).toBeUndefined();
});

test('a dead letter says what its pointer says', () => {
  const failure = makeFailure('rejected', 'Reject', 'no such address');
  const pointer: Pointer = {
    v: 1,
    consumer: 'notifications-consumer',
    stage: 'dlq',
    cycle: 2,
    origin: { stream: 'events', seq: 42, subject: 'events.totp.requested', msgId: 'm', time: '1' },
    advisory: { type: 't', id: 'i', timestamp: '', stream: 's', consumer: 'c', stream_seq: 1, deliveries: 1 },
    failure,
    attempts: { main: 1, retry: 0 },
    firstFailedAt: '2026-01-31T12:00:00.000Z',
    lastFailedAt: '2026-01-31T12:00:00.000Z',
    notBeforeMs: 0,
  };
  expect(deadLetterOf(pointer, '2026-01-31T12:00:01.000Z')).toEqual({
    id: 'notifications-consumer/42',
    consumer: 'notifications-consumer',
    stream: 'events',
    seq: 42,
    subject: 'events.totp.requested',
    reason: 'Reject: no such address',
    fingerprint: failure.fingerprint,
    attempts: { main: 1, retry: 0 },
    cycle: 2,
    deadAt: '2026-01-31T12:00:01.000Z',
  });
});
