import fc from 'fast-check';
import { expect } from 'vitest';
import { advisoryLine } from '../../../src/lib/journal/advisory-line.js';
import { decodeAdvisory } from '../../../src/lib/domain/advisory.js';
import {
  decodePointer,
  encodePointer,
  pointerFrom,
  pointerHeaders,
} from '../../../src/lib/domain/pointer.js';
import { recordMessageId } from '../../../src/lib/domain/record.js';
import { decodeExhaustion, decodeRecord } from '../../../src/lib/domain/record-decode.js';
import { recordReason } from '../../../src/lib/domain/record-reason.js';
import { nativeAdvisoryFilter, recordSubject } from '../../../src/lib/domain/subjects.js';
import { exhaustionKinds } from '../../../src/lib/domain/record-kinds.js';
import { deadLetterOf } from '../../../src/lib/domain/dead-letter.js';
import { readEntry } from '../../../src/lib/pointers/entry.js';
import { stepOf } from '../../../src/lib/events/explain/steps.js';
import { readExhaustion } from '../../../src/lib/waterfall/stages/meta.js';
import { makeConfig } from '../../support/config.js';
import { hostileText, mutated, nearly } from '../../support/hostile.js';
import { property } from '../../support/property.js';
import { exhaustion, isoTime } from './arbitraries.js';

/** What is on a stream: such JSON, its bytes cut or flipped, or no sense at all. */
function wire(valid: fc.Arbitrary<object>): fc.Arbitrary<Uint8Array> {
  const json = fc.oneof({ arbitrary: valid, weight: 1 }, { arbitrary: mutated(valid), weight: 3 });
  const bytes = json.map((value) => Buffer.from(JSON.stringify(value)));
  const spoiled = fc
    .tuple(bytes, fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 255 }), fc.boolean())
    .map(([whole, at, byte, cut]) => {
      const place = Math.floor(at * whole.length);
      if (cut) return whole.subarray(0, place);
      const copy = Buffer.from(whole);
      copy[place] = byte;
      return copy;
    });
  return fc.oneof(
    { arbitrary: bytes, weight: 6 },
    { arbitrary: spoiled, weight: 2 },
    fc.uint8Array({ maxLength: 100 }),
    hostileText.map((text) => Buffer.from(text)),
  );
}

const advisory = fc
  .record({
    kind: fc.constantFrom('max_deliver', 'terminated'),
    at: isoTime,
    seq: fc.nat(),
    deliveries: fc.nat(),
    reason: hostileText,
  })
  .map(({ kind, at, seq, deliveries, reason }) => ({
    type: `io.nats.jetstream.advisory.v1.${kind}`,
    id: 'x',
    timestamp: at,
    stream: 'events',
    consumer: 'c',
    stream_seq: seq,
    deliveries,
    reason,
  }));

const config = makeConfig();
const both = ['accepted', 'refused'];
const message = (subject: string, data: Uint8Array) => ({
  stream: 'events-advisories',
  subject,
  seq: 7,
  time: '1769860800123456789',
  data,
  headers: {},
});
const isoOrNone = /^[-+]?\d{4,6}-\d\d-\d\dT/;

property("an advisory of the server's is read, or refused with a reason; either makes a line", both, (seen) =>
  fc.property(wire(advisory), fc.constantFrom(...exhaustionKinds), (bytes, kind) => {
    const decoded = decodeAdvisory(bytes);
    seen(decoded.ok ? 'accepted' : 'refused');
    if (!decoded.ok) expect(decoded.reason).not.toBe('');
    const subject = nativeAdvisoryFilter(kind, 'events').replace('>', 'c');
    const line = advisoryLine(config, message(subject, bytes));
    expect(line.kind === 'MALFORMED').toBe(!decoded.ok);
    expect(line.at).toMatch(isoOrNone);
  }),
);

property(
  'a record is read, or refused with a reason; either makes a line, and a read one a step and an id',
  both,
  (seen) =>
    fc.property(wire(exhaustion), exhaustion, (bytes, x) => {
      const decoded = decodeRecord(bytes);
      seen(decoded.ok ? 'accepted' : 'refused');
      const { tier, kind, consumer, stage, cycle, origin } = x;
      const subject = recordSubject(config.roots.advisories, {
        tier,
        kind,
        consumer,
        seq: origin.seq,
        stage,
        cycle,
      });
      expect(typeof advisoryLine(config, message(subject, bytes)).kind).toBe('string');
      if (!decoded.ok) {
        expect(decoded.reason).not.toBe('');
        return;
      }
      expect(recordMessageId(decoded.value)).not.toBe('');
      expect(recordReason(decoded.value)?.length ?? 0).toBeLessThanOrEqual(256);
      expect(JSON.stringify(stepOf({ journalSeq: 1, record: decoded.value }, undefined))).toContain('"text"');
    }),
);

property('an exhaustion is taken only from the subject that its body names', both, (seen) =>
  fc.property(wire(exhaustion), fc.boolean(), (bytes, right) => {
    const decoded = decodeExhaustion(bytes);
    const root = config.roots.advisories;
    const x = decoded.ok ? decoded.value : undefined;
    const own = x && recordSubject(root, { ...x, seq: x.origin.seq });
    const found = readExhaustion(
      root,
      right && own !== undefined ? own : `${root}.business.ROUTED.c.1.main.0`,
      bytes,
    );
    seen(found.ok ? 'accepted' : 'refused');
    if (!right) expect(found.ok).toBe(false);
    if (!found.ok) expect(found.reason).not.toBe('');
  }),
);

const pointer = fc
  .tuple(exhaustion, fc.constantFrom('retry' as const, 'dlq' as const))
  .map(([x, stage]) => JSON.parse(encodePointer(pointerFrom(x, stage, 0))) as object);

property('a pointer is read, or refused with a reason; either makes an entry of the DLQ', both, (seen) =>
  fc.property(wire(pointer), fc.option(nearly(isoTime), { nil: undefined }), (bytes, notBefore) => {
    const decoded = decodePointer(bytes, notBefore);
    seen(decoded.ok ? 'accepted' : 'refused');
    const entry = readEntry(config, message('events-dlq.c.3', bytes));
    expect(entry.letter.id).toMatch(/\/\d+$/);
    if (!decoded.ok) {
      expect(decoded.reason).not.toBe('');
      return;
    }
    const { value } = decoded;
    for (const header of Object.values(pointerHeaders(value))) expect(header).toMatch(/^[\x20-\x7e]*$/);
    expect(Buffer.byteLength(deadLetterOf(value, '2026-01-31T12:00:00.000Z').reason)).toBeLessThanOrEqual(
      256,
    );
    const again = decodePointer(
      Buffer.from(encodePointer(value)),
      pointerHeaders(value)['Plutomi-Not-Before'],
    );
    expect(again).toEqual({ ok: true, value });
  }),
);
