import { headers as clientHeaders } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { encodeHeaders } from '../../../../src/lib/nats/wire/headers.js';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test('headers are the bytes that the client would send', () => {
  const sent = clientHeaders();
  for (const [name, value] of [
    ['Tag', 'a'],
    ['Tag', ' größer '],
    ['Event-Type', 'totp.requested'],
    ['Nats-Msg-Id', 'id-1'],
    ['Nats-Expected-Stream', 'events'],
    ['Nats-Expected-Last-Subject-Sequence', '0'],
  ] as const)
    sent.append(name, value);
  const made = encodeHeaders(
    { Tag: ['a', ' größer '], 'Event-Type': 'totp.requested' },
    { msgId: 'id-1', expectStream: 'events', expectLastSubjectSeq: 0 },
  );
  expect(made).toBe(text((sent as unknown as { encode(): Uint8Array }).encode()));
});

test('no headers are no bytes', () => {
  expect(encodeHeaders(undefined)).toHaveLength(0);
  expect(encodeHeaders({}, {})).toHaveLength(0);
});

test.each([
  [{ 'A b': 'x' }, /not a valid name/],
  [{ 'A:': 'x' }, /not a valid name/],
  [{ A: 'x\r\nNats-Msg-Id: forged' }, /cannot contain/],
  [{ A: ['x', 'y\nz'] }, /cannot contain/],
])('%j is refused', (headers, reason) => {
  expect(() => encodeHeaders(headers)).toThrow(reason);
});
