import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Key,
  keyId,
  knownMsgId,
  type Origin,
  originOf,
  sameOrigin,
} from '../../../src/lib/domain/key.js';
import { property } from '../../support/property.js';

const origin: Origin = { stream: 'events', seq: 5, subject: 'events.a', time: '1' };

test.each<[string, Partial<Origin>, boolean]>([
  ['nothing else', {}, true],
  ['another stream', { stream: 'orders' }, false],
  ['another sequence', { seq: 6 }, false],
  ['another time: the stream was recreated', { time: '2' }, false],
  ['a message id, which one and the same event can lose or gain', { msgId: 'x' }, true],
])('the same event with %s', (_what, change, same) => {
  expect(sameOrigin(origin, { ...origin, ...change })).toBe(same);
});

property('two keys have the same id exactly when they are about the same thing', () => {
  const name = fc.constantFrom('a', 'b', 'a-1');
  const key: fc.Arbitrary<Key> = fc.record({
    tier: fc.constantFrom('business', 'meta'),
    consumer: name,
    origin: fc.record({
      stream: name,
      seq: fc.integer({ min: 1, max: 12 }),
      subject: fc.constant('s'),
      time: fc.constantFrom('1', '11'),
    }),
    stage: fc.constantFrom('main', 'retry', 'dlq'),
    cycle: fc.integer({ min: 0, max: 12 }),
  });
  return fc.property(key, key, (a, b) => {
    const same =
      a.tier === b.tier &&
      a.consumer === b.consumer &&
      a.stage === b.stage &&
      a.cycle === b.cycle &&
      sameOrigin(a.origin, b.origin);
    expect(keyId(a) === keyId(b)).toBe(same);
  });
});

test('records know an event by its message id, and by the digest of a very long one', () => {
  const read = { ...origin, msgId: 'm'.repeat(1024), data: 'more' };
  expect(originOf(read)).toEqual({ ...origin, msgId: read.msgId });
  expect(originOf({ ...origin, msgId: undefined })).not.toHaveProperty('msgId');
  const long = originOf({ ...origin, msgId: 'm'.repeat(1025) }).msgId ?? '';
  expect(long).toMatch(/^sha256:[\da-f]{64}$/);
  expect(knownMsgId(long)).toBe(long);
  expect(knownMsgId('n'.repeat(1025))).not.toBe(long);
});
