import fc from 'fast-check';
import { type Failure, makeFailure } from '../../../src/lib/domain/failure.js';
import type { Key, Origin } from '../../../src/lib/domain/key.js';
import type { Exhaustion } from '../../../src/lib/domain/record.js';
import { makeExhaustion } from '../../../src/lib/domain/record-exhaustion.js';
import { exhaustionKinds } from '../../../src/lib/domain/record-kinds.js';

const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
const text = fc.string({ unit: 'binary' });
export const isoTime = fc.integer({ min: 0, max: 4_102_444_800_000 }).map((ms) => new Date(ms).toISOString());

export const origin: fc.Arbitrary<Origin> = fc
  .record(
    {
      stream: name,
      seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      subject: fc.stringMatching(/^[a-z]{1,8}(\.[a-z]{1,8}){0,3}$/),
      time: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String),
      msgId: text,
    },
    { requiredKeys: ['stream', 'seq', 'subject', 'time'] },
  )
  .map((origin) => ({ ...origin }));

export const failure: fc.Arbitrary<Failure> = fc
  .tuple(fc.constantFrom('error', 'timeout', 'no-report', 'rejected', 'missing'), name, text)
  .map(([kind, name, message]) => makeFailure(kind, name, message));

export const key: fc.Arbitrary<Key> = fc.record({
  tier: fc.constantFrom('business', 'meta'),
  consumer: name,
  origin,
  stage: fc.constantFrom('main', 'retry'),
  cycle: fc.nat(),
});

export const exhaustion: fc.Arbitrary<Exhaustion> = fc
  .record({
    key,
    last: fc.option(
      fc.record({
        attempt: fc.integer({ min: 1, max: 100 }),
        error: fc.tuple(failure, fc.string({ maxLength: 9000 })).map(([one, stack]) => ({ ...one, stack })),
        durationMs: fc.nat(),
      }),
      { nil: undefined },
    ),
    kind: fc.constantFrom(...exhaustionKinds),
    at: isoTime,
    failure,
    attempts: fc.record({ main: fc.nat(), retry: fc.nat() }),
    firstFailedAt: isoTime,
    worker: name,
    delivered: fc.record({
      stream: name,
      seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      deliveries: fc.nat(),
    }),
  })
  .map((facts) => makeExhaustion(facts));

/** The bytes of `value` with some of its fields, at any depth of two, replaced by any JSON. */
export function spoiled(value: object): fc.Arbitrary<Uint8Array> {
  const keys = Object.keys(value);
  const inner = [
    ...new Set(Object.values(value).flatMap((v) => (v && typeof v === 'object' ? Object.keys(v) : []))),
  ];
  const change = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue(), { maxKeys: 2 });
  const innerChange = fc.dictionary(fc.constantFrom(...inner, 'x'), fc.jsonValue(), { maxKeys: 2 });
  return fc.tuple(change, fc.constantFrom(...keys), innerChange).map(([change, at, innerChange]) => {
    const old = (value as Record<string, unknown>)[at];
    const spoiledPart = old && typeof old === 'object' ? { [at]: { ...old, ...innerChange } } : {};
    return Buffer.from(JSON.stringify({ ...value, ...spoiledPart, ...change }));
  });
}

/** Bytes, JSON, and no sense at all. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map((text) => Buffer.from(text)),
);
