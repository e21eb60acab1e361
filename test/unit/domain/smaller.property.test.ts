import fc from 'fast-check';
import { expect } from 'vitest';
import { digestOfMsgId, sameMsgId, sameOrigin } from '../../../src/lib/domain/key.js';
import {
  decodePointer,
  encodePointer,
  pointerFrom,
  pointerHeaders,
} from '../../../src/lib/domain/pointer.js';
import { decodeExhaustion, decodeRecord } from '../../../src/lib/domain/record-decode.js';
import { leastRecordBytes, smallerPointers, smallerRecords } from '../../../src/lib/domain/smaller.js';
import { property } from '../../support/property.js';
import { exhaustion } from './arbitraries.js';

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
