import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideAttempt } from '../../../src/lib/domain/attempt.js';
import { makeFailure } from '../../../src/lib/domain/failure.js';
import type { Key } from '../../../src/lib/domain/key.js';
import { decodePointer, encodePointer, pointerFrom } from '../../../src/lib/domain/pointer.js';
import {
  attemptOf,
  type Exhaustion,
  type JournalRecord,
  recordMessageId,
} from '../../../src/lib/domain/record.js';
import { decodeExhaustion, decodeRecord } from '../../../src/lib/domain/record-decode.js';
import { makeExhaustion } from '../../../src/lib/domain/record-exhaustion.js';
import { recordKinds } from '../../../src/lib/domain/record-kinds.js';
import { anyBytes, exhaustion, key, spoiled } from './arbitraries.js';
import { property } from '../../support/property.js';

const exampleKey: Key = {
  tier: 'business',
  consumer: 'notifications-consumer',
  origin: { stream: 'events', seq: 42, subject: 'events.totp.requested', msgId: 'm', time: '17' },
  stage: 'main',
  cycle: 0,
};
const failure = makeFailure('error', 'SmtpError', 'refused');
const at = '2026-01-31T12:00:00.000Z';

const failed: JournalRecord = {
  v: 1,
  kind: 'ATTEMPT_FAILED',
  at,
  ...exampleKey,
  attempt: 2,
  error: { ...failure, stack: 'SmtpError: refused\n    at send' },
  durationMs: 12,
  worker: 'host:1:abc',
  deliveries: 3,
  firstFailedAt: at,
};

function exhausted(change: Partial<Parameters<typeof makeExhaustion>[0]> = {}): Exhaustion {
  return makeExhaustion({
    key: exampleKey,
    kind: 'MAX_DELIVERIES',
    at,
    failure,
    attempts: { main: 3, retry: 0 },
    firstFailedAt: at,
    worker: 'host:1:abc',
    delivered: { stream: 'events', seq: 42, deliveries: 5 },
    ...change,
  });
}

const last = { attempt: 3, error: { ...failure, stack: 'SmtpError: refused\n    at send' }, durationMs: 12 };

/** All that tells two records apart which are no exhaustions. */
const about = (r: JournalRecord): string =>
  JSON.stringify([
    r.kind,
    r.tier,
    r.consumer,
    r.stage,
    r.cycle,
    attemptOf(r),
    r.origin.stream,
    r.origin.seq,
    r.origin.time,
  ]);

const bytesOf = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));

describe('recordMessageId', () => {
  test('the attempt in an exhaustion makes it no other: a stage ends once', () => {
    expect(recordMessageId(exhausted({ last }))).toBe(recordMessageId(exhausted()));
  });

  test('both kinds of exhaustion share one, whoever writes them and whenever', () => {
    const later = { at: '2027-01-01T00:00:00.000Z', worker: 'other:2:def', kind: 'MSG_TERMINATED' } as const;
    expect(recordMessageId(exhausted(later))).toBe(recordMessageId(exhausted()));
  });

  test.each<[string, Partial<JournalRecord>]>([
    ['another attempt', { attempt: 3 }],
    ['another delivery of the same attempt', { deliveries: 4 }],
    ['another worker', { worker: 'host:2:def' }],
    ['another kind', { kind: 'ATTEMPT_STARTED' }],
    ['another cycle', { cycle: 1 }],
    ['another stage', { stage: 'retry' }],
    ['another consumer', { consumer: 'analytics-consumer' }],
    ['another tier', { tier: 'meta' }],
    ['another event', { origin: { ...exampleKey.origin, seq: 43 } }],
    ['the same sequence in a recreated stream', { origin: { ...exampleKey.origin, time: '18' } }],
  ])('a failed attempt and %s differ', (_what, change) => {
    expect(recordMessageId({ ...failed, ...change })).not.toBe(recordMessageId(failed));
  });

  test('writing one and the same record again keeps its id', () => {
    expect(recordMessageId({ ...failed, at: '2027-01-01T00:00:00.000Z', durationMs: 99 })).toBe(
      recordMessageId(failed),
    );
  });

  property('no two records of different kinds or keys share one, exhaustions apart', () => {
    const record = fc
      .tuple(
        fc.constantFrom(...recordKinds),
        key,
        fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      )
      .map(([kind, key, attempt]) => ({ v: 1 as const, kind, at, ...key, attempt }) as JournalRecord);
    return fc.property(fc.array(record, { maxLength: 30 }), (records) => {
      const plain = records.filter(({ kind }) => kind !== 'MAX_DELIVERIES' && kind !== 'MSG_TERMINATED');
      expect(new Set(plain.map(recordMessageId)).size).toBe(new Set(plain.map(about)).size);
    });
  });
});

describe('makeExhaustion', () => {
  test("carries all fields of the server's own advisory: where the message was delivered", () => {
    const delivered = { stream: 'events-retry', seq: 7, deliveries: 9 };
    expect(exhausted({ delivered })).toMatchObject({
      type: 'io.nats.jetstream.advisory.v1.max_deliver',
      id: 'business/notifications-consumer/events/42/17/main/0',
      timestamp: at,
      stream: 'events-retry',
      consumer: 'notifications-consumer',
      stream_seq: 7,
      deliveries: 9,
    });
  });

  test('has the attempt that was the last, with error and duration, where it left a report', () => {
    expect(exhausted({ last })).toEqual({ ...exhausted(), ...last });
    expect(exhausted({ last }).failure).not.toHaveProperty('stack');
    for (const field of Object.keys(last)) expect(exhausted()).not.toHaveProperty(field);
  });

  test('a termination says its reason, as the server does', () => {
    expect(exhausted({ kind: 'MSG_TERMINATED' })).toMatchObject({
      type: 'io.nats.jetstream.advisory.v1.terminated',
      reason: 'refused',
    });
    expect(exhausted()).not.toHaveProperty('reason');
  });
});

describe('decodeRecord', () => {
  test('gives back what was written', () => {
    expect(decodeRecord(bytesOf(failed))).toEqual({ ok: true, value: failed });
  });

  test.each<[string, object, RegExp]>([
    ['another version', { v: 2 }, /^v/],
    ['an unknown kind', { kind: 'BROKEN' }, /^kind/],
    ['an unknown tier', { tier: 'super' }, /^tier/],
    ['an unknown stage', { stage: 'late' }, /^stage/],
    ['no consumer', { consumer: undefined }, /^consumer/],
    ['a cycle in text', { cycle: '0' }, /^cycle/],
    ['no time', { at: 'noon' }, /^at/],
    ['no origin', { origin: 42 }, /^origin/],
    ['half an attempt', { attempt: 1.5 }, /^attempt/],
    ['an error in text', { error: 'refused' }, /^error/],
    ['an error without a message', { error: { name: 'E', fingerprint: 'f' } }, /^error/],
    ['an error of no kind that is text', { error: { ...failure, kind: 7 } }, /^error/],
    ['a first failure that is no time', { firstFailedAt: 7 }, /^firstFailedAt/],
  ])('%s is refused with its field', (_what, change, reason) => {
    const decoded = decodeRecord(bytesOf({ ...failed, ...change }));
    expect(decoded).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  property('never throws, and the attempt rule can work with whatever it accepts', () =>
    fc.property(fc.oneof(anyBytes, spoiled(failed)), fc.integer({ min: 1, max: 3 }), (bytes, limit) => {
      const decoded = decodeRecord(bytes);
      if (!decoded.ok) return;
      const stored = { journalSeq: 1, record: decoded.value };
      const facts = { deliveries: 2, limit, mayHaveParked: false, silenceCounts: true };
      for (const at of ['started', 'failed', 'snoozed'] as const) {
        const decision = decideAttempt(facts, { [at]: stored });
        if (decision.do === 'exhaust')
          exhausted({ failure: decision.failure, attempts: { main: 1, retry: 0 } });
      }
    }),
  );
});

describe('decodeExhaustion', () => {
  property('gives back what was made', () =>
    fc.property(exhaustion, (x) => {
      expect(decodeExhaustion(bytesOf(x))).toEqual({ ok: true, value: JSON.parse(JSON.stringify(x)) });
    }),
  );

  test.each<[string, object, RegExp]>([
    ['a record that ends nothing', { kind: 'ROUTED' }, /^kind/],
    ['the dlq stage', { stage: 'dlq' }, /^stage/],
    ['no failure', { failure: undefined }, /^failure/],
    ['no attempts', { attempts: { main: '3', retry: 0 } }, /^attempts/],
    ['no first failure', { firstFailedAt: undefined }, /^firstFailedAt/],
    ['a last failure at no time', { lastFailedAt: 'noon' }, /^firstFailedAt, lastFailedAt/],
    ['no place where it was delivered', { stream_seq: undefined }, /^stream, stream_seq/],
  ])('%s is refused with its field', (_what, change, reason) => {
    const decoded = decodeExhaustion(bytesOf({ ...exhausted(), ...change }));
    expect(decoded).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  test('fields that it does not know do no harm: an older router reads what a newer worker wrote', () => {
    const newer = { ...exhausted(), attempt: 3, later: { than: 'this' } };
    expect(decodeExhaustion(bytesOf(newer))).toMatchObject({ ok: true });
    expect(pointerFrom(exhausted({ last }), 'dlq', 0)).toEqual(pointerFrom(exhausted(), 'dlq', 0));
  });

  property('never throws, and whatever it accepts makes a pointer that can be read', () =>
    fc.property(fc.oneof(anyBytes, spoiled(exhausted({ kind: 'MSG_TERMINATED' }))), (bytes) => {
      const decoded = decodeExhaustion(bytes);
      if (!decoded.ok) return;
      const pointer = pointerFrom(decoded.value, 'dlq', 0);
      expect(decodePointer(Buffer.from(encodePointer(pointer)), undefined)).toMatchObject({ ok: true });
    }),
  );
});
