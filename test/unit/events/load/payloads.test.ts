import { expect, test } from 'vitest';
import { payloadsOf } from '../../../../src/lib/events/load/payloads.js';
import { systemClock } from '../../../../src/lib/flow/clock.js';

test.each([0, 1, 13, 14, 128, 100_000])('JSON of exactly %i bytes', (size) => {
  const payload = payloadsOf(undefined, size, systemClock)(1) as Uint8Array;
  expect(payload.length).toBe(size);
  if (size > 0) JSON.parse(new TextDecoder().decode(payload));
});

test('without a size it has 128 bytes; bytes that are no text stay as they are; two of both are refused', () => {
  expect(payloadsOf(undefined, undefined, systemClock)(1)).toHaveLength(128);
  const bytes = Uint8Array.of(0, 255, 10);
  expect(payloadsOf(bytes, undefined, systemClock)(2)).toEqual(bytes);
  expect(payloadsOf(new TextEncoder().encode('{{n}}'), undefined, systemClock)(2)).toBe('2');
  expect(() => payloadsOf('x', 3, systemClock)).toThrow('leave out one of the two');
  expect(() => payloadsOf(undefined, -1, systemClock)).toThrow('expected a size');
});
