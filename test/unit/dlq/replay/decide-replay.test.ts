import { expect, test } from 'vitest';
import { embeddedExhaustion } from '../../../../src/lib/dlq/replay/decide-replay.js';
import { makeConfig } from '../../../support/config.js';
import { consumer, exhaustionOf, makePointer } from '../../../support/dead-letters.js';

const origin = { stream: 'events', seq: 7, subject: 'events.totp.requested', time: '17' };
const record = exhaustionOf(makePointer(origin), 2);
const subject = `events-advisories.business.MAX_DELIVERIES.${consumer}.7.retry.2`;

function read(embedded: Record<string, unknown> | undefined) {
  return embeddedExhaustion(makeConfig(), makePointer(origin, embedded ? { embedded } : {}));
}

test('reads the record that could not be routed', () => {
  expect(read({ subject, record })).toMatchObject({ ok: true, value: { consumer, cycle: 2, origin } });
});

test.each<[string, Record<string, unknown> | undefined, RegExp]>([
  ['nothing embedded', undefined, /^it /],
  ['bytes that nobody could read', { subject, data: 'AAAA', encoding: 'base64' }, /^it /],
  ['a record without a failure', { subject, record: { ...record, failure: 1 } }, /^its record: failure/],
  ['a record of another kind', { subject, record: { ...record, kind: 'ROUTED' } }, /^its record: /],
  ['a record that belongs elsewhere', { subject: `${subject}0`, record }, /events-advisories/],
  ['a record without its subject', { record }, /undefined/],
  [
    'a record of the meta tier, which routes nothing itself',
    { subject: subject.replace('business', 'meta'), record: { ...record, tier: 'meta' } },
    /events-advisories/,
  ],
])('refuses %s', (_what, embedded, reason) => {
  expect(read(embedded)).toEqual({ ok: false, reason: expect.stringMatching(reason) as string });
});
