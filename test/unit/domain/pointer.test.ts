import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deadLetterOf } from '../../../src/lib/domain/dead-letter.js';
import { makeFailure } from '../../../src/lib/domain/failure.js';
import {
  decodePointer,
  encodePointer,
  type Pointer,
  pointerFrom,
  pointerHeader,
  pointerHeaders,
} from '../../../src/lib/domain/pointer.js';
import { makeExhaustion } from '../../../src/lib/domain/record-exhaustion.js';
import { anyBytes, exhaustion, spoiled } from './arbitraries.js';
import { property } from '../../support/property.js';

const pointer: fc.Arbitrary<Pointer> = fc
  .tuple(
    exhaustion,
    fc.constantFrom('retry' as const, 'dlq' as const),
    fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 8_640_000_000_000_000 })),
    fc.option(fc.dictionary(fc.string(), fc.jsonValue()), { nil: undefined }),
  )
  .map(([x, stage, notBeforeMs, embedded]) => ({
    ...pointerFrom(x, stage, notBeforeMs),
    ...(embedded ? { embedded } : {}),
  }));

const bytesOf = (p: Pointer): Uint8Array => Buffer.from(encodePointer(p));

const example = pointerFrom(
  makeExhaustion({
    key: {
      tier: 'business',
      consumer: 'notifications-consumer',
      origin: { stream: 'events', seq: 42, subject: 'events.totp.requested', msgId: 'm 1', time: '17' },
      stage: 'main',
      cycle: 1,
    },
    kind: 'MAX_DELIVERIES',
    at: '2026-01-31T12:00:00.000Z',
    failure: makeFailure('error', 'SmtpError', 'Verbindung geschlossen für „bob“'),
    attempts: { main: 3, retry: 0 },
    firstFailedAt: '2026-01-31T11:00:00.000Z',
    worker: 'host:1:abc',
    delivered: { stream: 'events', seq: 42, deliveries: 4 },
  }),
  'retry',
  Date.parse('2026-01-31T12:05:00.000Z'),
);

test('a pointer carries what an exhaustion says, and no payload', () => {
  expect(JSON.parse(encodePointer(example))).toEqual({
    v: 1,
    consumer: 'notifications-consumer',
    stage: 'retry',
    cycle: 1,
    origin: { stream: 'events', seq: 42, subject: 'events.totp.requested', msgId: 'm 1', time: '17' },
    advisory: {
      type: 'io.nats.jetstream.advisory.v1.max_deliver',
      id: 'business/notifications-consumer/events/42/17/main/1',
      timestamp: '2026-01-31T12:00:00.000Z',
      stream: 'events',
      consumer: 'notifications-consumer',
      stream_seq: 42,
      deliveries: 4,
    },
    failure: {
      kind: 'error',
      name: 'SmtpError',
      message: 'Verbindung geschlossen für „bob“',
      fingerprint: example.failure.fingerprint,
      fingerprintBy: 'shape',
    },
    attempts: { main: 3, retry: 0 },
    firstFailedAt: '2026-01-31T11:00:00.000Z',
    lastFailedAt: '2026-01-31T12:00:00.000Z',
  });
});

describe('its headers', () => {
  test('repeat what a reader needs without the body', () => {
    expect(pointerHeaders(example)).toEqual({
      'Plutomi-Consumer': 'notifications-consumer',
      'Plutomi-Origin-Stream': 'events',
      'Plutomi-Origin-Seq': '42',
      'Plutomi-Origin-Time': '17',
      'Plutomi-Origin-Msg-Id': 'm 1',
      'Plutomi-Cycle': '1',
      'Plutomi-Not-Before': '2026-01-31T12:05:00.000Z',
      'Plutomi-Reason': 'SmtpError: Verbindung geschlossen f%C3%BCr %E2%80%9Ebob%E2%80%9C',
    });
  });

  test('leave out what is not there: a message id, and a time when it is due now', () => {
    const { msgId: _, ...origin } = example.origin;
    const headers = pointerHeaders({ ...example, origin, notBeforeMs: 0 });
    expect(Object.keys(headers)).not.toContain(pointerHeader.originMsgId);
    expect(Object.keys(headers)).not.toContain(pointerHeader.notBefore);
  });

  property('are printable ASCII on one line, whatever the message id and the reason', () =>
    fc.property(pointer, (p) => {
      for (const value of Object.values(pointerHeaders(p))) expect(value).toMatch(/^[\x20-\x7e]*$/);
    }),
  );

  property('decode to the message id and reason that they encode', () =>
    fc.property(pointer, (p) => {
      const { [pointerHeader.originMsgId]: msgId = '' } = pointerHeaders(p);
      expect(decodeURIComponent(msgId)).toBe((p.origin.msgId ?? '').replace(/\p{Cs}/gu, '\ufffd'));
    }),
  );

  test.each(['x'.repeat(1025), 'é'.repeat(400)])(
    'leave out a message id that is too long: %.10s…',
    (msgId) => {
      const long = { ...example, origin: { ...example.origin, msgId } };
      expect(pointerHeaders(long)).not.toHaveProperty([pointerHeader.originMsgId]);
      expect(decodePointer(bytesOf(long), undefined)).toMatchObject({ value: { origin: { msgId } } });
    },
  );

  test('are a new object each time', () => {
    expect(pointerHeaders(example)).not.toBe(pointerHeaders(example));
  });
});

describe('decodePointer', () => {
  property('gives back what was encoded', () =>
    fc.property(pointer, (p) => {
      const decoded = decodePointer(bytesOf(p), pointerHeaders(p)[pointerHeader.notBefore]);
      expect(decoded).toEqual({ ok: true, value: JSON.parse(JSON.stringify(p)) });
    }),
  );

  test.each([undefined, '', 'tomorrow', '2026-99-99T00:00:00Z'])(
    'a pointer whose Not-Before is %j is due now',
    (notBefore) => {
      expect(decodePointer(bytesOf(example), notBefore)).toMatchObject({ value: { notBeforeMs: 0 } });
    },
  );

  test.each<[string, object, RegExp]>([
    ['another version', { v: 2 }, /^v/],
    ['no consumer', { consumer: '' }, /^consumer/],
    ['the main stage', { stage: 'main' }, /^stage/],
    ['a negative cycle', { cycle: -1 }, /^cycle/],
    ['no origin', { origin: null }, /^origin/],
    ['an origin without its time', { origin: { ...example.origin, time: undefined } }, /^origin/],
    ['no failure', { failure: undefined }, /^failure/],
    ['a failure without a fingerprint', { failure: { ...example.failure, fingerprint: '' } }, /^failure/],
    ['no attempts', { attempts: { main: 1 } }, /^attempts/],
    ['no first failure', { firstFailedAt: undefined }, /^firstFailedAt/],
    ['a last failure at no time', { lastFailedAt: 'yesterday' }, /^lastFailedAt/],
    ['no advisory', { advisory: 'x' }, /^advisory/],
  ])('%s is refused with its field', (_what, change, reason) => {
    const bytes = Buffer.from(JSON.stringify({ ...JSON.parse(encodePointer(example)), ...change }));
    expect(decodePointer(bytes, undefined)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  property('never throws, and what it accepts can be shown and written again', () => {
    const bytes = fc.oneof(anyBytes, spoiled(JSON.parse(encodePointer(example)) as object));
    return fc.property(bytes, fc.option(fc.string(), { nil: undefined }), (bytes, notBefore) => {
      const decoded = decodePointer(bytes, notBefore);
      if (!decoded.ok) {
        expect(decoded.reason).not.toBe('');
        return;
      }
      const p = decoded.value;
      expect(deadLetterOf(p, '2026-01-31T12:00:00.000Z').id).toContain(p.consumer);
      const again = decodePointer(bytesOf(p), pointerHeaders(p)[pointerHeader.notBefore]);
      expect(again).toEqual({ ok: true, value: p });
    });
  });
});
