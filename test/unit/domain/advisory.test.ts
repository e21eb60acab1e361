import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  advisoryType,
  decodeAdvisory,
  isLoss,
  type NativeAdvisory,
} from '../../../src/lib/domain/advisory.js';
import { property } from '../../support/property.js';

const maxDeliveries = {
  type: advisoryType.MAX_DELIVERIES,
  id: 'Wqp5HzYVc8',
  timestamp: '2026-01-31T12:00:00.123456789Z',
  stream: 'events',
  consumer: 'notifications-consumer',
  stream_seq: 42,
  deliveries: 3,
};

const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe('decodeAdvisory', () => {
  test("reads the server's own advisory of a consumer that gave up", () => {
    expect(decodeAdvisory(bytesOf({ ...maxDeliveries, domain: 'hub' }))).toEqual({
      ok: true,
      value: {
        kind: 'MAX_DELIVERIES',
        id: 'Wqp5HzYVc8',
        timestamp: '2026-01-31T12:00:00.123456789Z',
        stream: 'events',
        consumer: 'notifications-consumer',
        streamSeq: 42,
        deliveries: 3,
        domain: 'hub',
      },
    });
  });

  test('reads the reason of a termination', () => {
    const terminated = { ...maxDeliveries, type: advisoryType.MSG_TERMINATED, reason: 'bad payload' };
    expect(decodeAdvisory(bytesOf(terminated))).toMatchObject({
      ok: true,
      value: { kind: 'MSG_TERMINATED', reason: 'bad payload' },
    });
  });

  test.each([
    ['no type', { type: undefined }, /^type/],
    ['another type', { type: 'io.nats.jetstream.advisory.v1.nak' }, /^type/],
    ['a type from the prototype', { type: 'constructor' }, /^type/],
    ['no stream', { stream: '' }, /^stream, consumer/],
    ['no consumer', { consumer: 7 }, /^stream, consumer/],
    ['a negative sequence', { stream_seq: -1 }, /^stream_seq/],
    ['a sequence that is no number', { stream_seq: '42' }, /^stream_seq/],
    ['no deliveries', { deliveries: undefined }, /^stream_seq, deliveries/],
    ['no time', { timestamp: 'yesterday' }, /^timestamp/],
  ])('%s is refused with its field', (_what, change, reason) => {
    const decoded = decodeAdvisory(bytesOf({ ...maxDeliveries, ...change }));
    expect(decoded).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  property('never throws, whatever the bytes', () => {
    const change = fc.dictionary(fc.constantFrom(...Object.keys(maxDeliveries)), fc.jsonValue());
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
      change.map((change) => bytesOf({ ...maxDeliveries, ...change })),
    );
    return fc.property(bytes, (bytes) => {
      expect(typeof decodeAdvisory(bytes).ok).toBe('boolean');
    });
  });
});

test.each([
  ['Unacknowledged message was deleted', true],
  ['Message deleted by stream limits', true],
  ['bad payload', false],
  [undefined, false],
])('a termination because of %j is a loss: %s', (reason, loss) => {
  const advisory: NativeAdvisory = {
    kind: 'MSG_TERMINATED',
    id: '',
    timestamp: '',
    stream: 'events',
    consumer: 'c',
    streamSeq: 1,
    deliveries: 1,
    ...(reason === undefined ? {} : { reason }),
  };
  expect(isLoss(advisory)).toBe(loss);
});
