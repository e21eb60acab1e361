import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeFailure } from '../../../src/lib/domain/failure.js';
import { digestOfMsgId, sameMsgId, sameOrigin } from '../../../src/lib/domain/key.js';
import {
  decodePointer,
  encodePointer,
  pointerFrom,
  pointerHeaders,
} from '../../../src/lib/domain/pointer.js';
import { decodeExhaustion, decodeRecord } from '../../../src/lib/domain/record-decode.js';
import { makeExhaustion } from '../../../src/lib/domain/record-exhaustion.js';
import {
  leastRecordBytes,
  smallerPointers,
  smallerRecords,
  wholeRecordBytes,
} from '../../../src/lib/domain/smaller.js';
import { property } from '../../support/property.js';
import { exhaustion } from './arbitraries.js';

const exampleFacts = {
  key: {
    tier: 'business',
    consumer: 'notifications-consumer',
    origin: { stream: 'events', seq: 42, subject: 'events.totp.requested', time: '17' },
    stage: 'main',
    cycle: 0,
  },
  kind: 'MAX_DELIVERIES',
  at: '2026-01-31T12:00:00.000Z',
  attempts: { main: 3, retry: 0 },
  firstFailedAt: '2026-01-31T12:00:00.000Z',
  worker: 'host:1:abc',
  delivered: { stream: 'events', seq: 42, deliveries: 3 },
} as const;

const bytes = (value: object): Buffer => Buffer.from(JSON.stringify(value));

property('an exhaustion that is made smaller can be routed, and is about the same', () =>
  fc.property(exhaustion, (whole) => {
    let size = bytes(whole).length + 1;
    for (const smaller of smallerRecords(whole)) {
      expect(bytes(smaller).length).toBeLessThanOrEqual(size);
      size = bytes(smaller).length;
      const decoded = decodeExhaustion(bytes(smaller));
      if (!decoded.ok) throw new Error(decoded.reason);
      const { kind, tier, consumer, stage, cycle, origin, failure, attempts } = decoded.value;
      expect({ kind, tier, consumer, stage, cycle, attempts }).toEqual({
        kind: whole.kind,
        tier: whole.tier,
        consumer: whole.consumer,
        stage: whole.stage,
        cycle: whole.cycle,
        attempts: whole.attempts,
      });
      expect(sameOrigin(origin, whole.origin)).toBe(true);
      expect(sameMsgId(origin.msgId, whole.origin.msgId)).toBe(true);
      expect(failure.fingerprint).toBe(whole.failure.fingerprint);
    }
    expect(size).toBeLessThan(leastRecordBytes);
  }),
);

test('the largest that an exhaustion can be is taken whole, and what embeds it keeps all that routing needs', () => {
  const message = '"'.repeat(4096);
  const stack = '\\'.repeat(16_384);
  const failure = { ...makeFailure('rejected', 'Reject', message), message };
  const whole = makeExhaustion({
    key: {
      tier: 'business',
      consumer: 'c'.repeat(128),
      origin: {
        stream: 's'.repeat(128),
        seq: 1,
        subject: 'e'.repeat(512),
        time: '17',
        msgId: 'm'.repeat(1024),
      },
      stage: 'main',
      cycle: 0,
    },
    kind: 'MSG_TERMINATED',
    at: '2026-01-31T12:00:00.000Z',
    failure,
    attempts: { main: 1, retry: 0 },
    plan: { retry: { delayMs: 300_000, attempts: 3 } },
    firstFailedAt: '2026-01-31T12:00:00.000Z',
    worker: 'host:1:abc',
    last: { attempt: 1, error: { ...failure, stack }, durationMs: 12 },
    delivered: { stream: 'events', seq: 1, deliveries: 1 },
  });
  const size = bytes(whole).length;
  expect(size).toBeGreaterThan(50_000);
  expect(size).toBeLessThan(wholeRecordBytes);
  expect(decodeExhaustion(bytes(whole))).toMatchObject({ ok: true });

  const embedded = { subject: 'events-advisories.x', record: whole };
  const [first, second] = [...smallerPointers({ ...pointerFrom(whole, 'dlq', 0), embedded })];
  expect(decodeExhaustion(bytes(first?.embedded?.['record'] as object))).toMatchObject({ ok: true });
  expect(bytes(first ?? {}).length).toBeLessThan(size);
  expect(second).not.toHaveProperty('embedded');
});

test('what is left of the last attempt is smaller each time: no stack, then no error beside the failure', () => {
  const failure = makeFailure('error', 'SmtpError', 'x'.repeat(3000));
  const whole = makeExhaustion({
    ...exampleFacts,
    failure,
    last: { attempt: 3, error: { ...failure, stack: 'y'.repeat(9000) }, durationMs: 12 },
  });
  const sizeOf = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : Buffer.byteLength(text);
  const left = [...smallerRecords(whole)].map((one) => [
    one.attempt,
    one.durationMs,
    sizeOf(one.error?.stack),
    sizeOf(one.error?.message),
    sizeOf(one.failure.message),
  ]);
  expect(left).toEqual([
    [3, 12, 2048, 1024, 1024],
    [3, 12, undefined, 256, 256],
    [3, undefined, undefined, undefined, 64],
    [3, undefined, undefined, undefined, 32],
    [3, undefined, undefined, undefined, 0],
  ]);
});

property('so can a failed attempt be counted', () =>
  fc.property(exhaustion, (x) => {
    const { failure: error, attempts: _attempts, ...rest } = x;
    const failed = {
      ...rest,
      kind: 'ATTEMPT_FAILED' as const,
      attempt: 3,
      error: { ...error, stack: 'x'.repeat(9000) },
    };
    for (const smaller of smallerRecords(failed)) {
      const decoded = decodeRecord(bytes(smaller));
      expect(decoded.ok && decoded.value).toMatchObject({
        attempt: 3,
        error: { kind: error.kind, fingerprint: error.fingerprint },
      });
    }
  }),
);

property('a pointer that is made smaller leads to the same event', () =>
  fc.property(exhaustion, (x) => {
    const whole = { ...pointerFrom(x, 'dlq', 0), embedded: { record: 'x'.repeat(9000) } };
    let size = Infinity;
    for (const smaller of smallerPointers(whole)) {
      const [body, headers] = [Buffer.from(encodePointer(smaller)), pointerHeaders(smaller)];
      const decoded = decodePointer(body, undefined);
      if (!decoded.ok) throw new Error(decoded.reason);
      expect(decoded.value).toMatchObject({ consumer: x.consumer, cycle: x.cycle, attempts: x.attempts });
      expect(sameOrigin(decoded.value.origin, x.origin)).toBe(true);
      size = body.length + bytes(headers).length;
    }
    expect(size).toBeLessThan(leastRecordBytes);
  }),
);

property('a message id and its digest are of one event', () =>
  fc.property(exhaustion, ({ origin: { msgId = '' } }) => {
    expect(sameMsgId(digestOfMsgId(msgId), msgId)).toBe(true);
    expect(sameMsgId(digestOfMsgId(msgId), `${msgId}x`)).toBe(false);
  }),
);
