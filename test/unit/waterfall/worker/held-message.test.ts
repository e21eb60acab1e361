import { describe, expect, test } from 'vitest';
import { originOf } from '../../../../src/lib/domain/key.js';
import { HeldMessage } from '../../../../src/lib/waterfall/worker/held-message.js';
import { delivered } from '../fake-server.js';

describe('a held message', () => {
  test.each([
    ['at its receipt', 1000, false],
    ['just before the ack wait is over', 1499, false],
    ['when the ack wait is over', 1500, true],
    ['long after', 9999, true],
  ])('has lapsed %s: at %d ms %s', (_what, now, lapsed) => {
    expect(new HeldMessage(delivered(), 500, 1000).lapsed(now)).toBe(lapsed);
  });

  test('is ours again for a whole ack wait after a sign of life', () => {
    const held = new HeldMessage(delivered(), 500, 1000);
    held.touchedAt = 1400;
    expect(held.lapsed(1899)).toBe(false);
    expect(held.lapsed(1900)).toBe(true);
  });
});

describe('its origin', () => {
  test('is what the server says, to the nanosecond', () => {
    expect(originOf(delivered({ 'Nats-Msg-Id': 'id-1' }))).toEqual({
      stream: 'events',
      seq: 42,
      subject: 'events.totp.requested',
      time: '1769860800123456789',
      msgId: 'id-1',
    });
  });

  test.each([{}, { 'Nats-Msg-Id': '' }])('has no message id with the headers %j', (header) => {
    expect(originOf(delivered(header))).not.toHaveProperty('msgId');
  });
});
