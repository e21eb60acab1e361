import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isNanos, isoOfNanos, msOfNanos, nanosOfRfc3339 } from '../../../src/lib/domain/time.js';
import { property } from '../../support/property.js';

describe('nanosOfRfc3339', () => {
  test.each([
    ['1970-01-01T00:00:00Z', '0'],
    ['1970-01-01T00:00:00.000000001Z', '1'],
    ['1970-01-01T00:00:01.5Z', '1500000000'],
    ['2026-01-31T12:00:00.123456789Z', '1769860800123456789'],
    ['2026-01-31T14:00:00.123456789+02:00', '1769860800123456789'],
    ['2026-01-31T06:30:00.123456789-05:30', '1769860800123456789'],
  ])('%s is %s', (text, nanos) => {
    expect(nanosOfRfc3339(text)).toBe(nanos);
  });

  test.each([
    '',
    '2026-01-31',
    '2026-01-31 12:00:00Z',
    '2026-01-31T12:00:00',
    '2026-01-31T12:00:00.Z',
    '2026-01-31T12:00:00.1234567890Z',
    '2026-13-01T00:00:00Z',
    '2026-01-31T25:00:00Z',
    'x2026-01-31T12:00:00Z',
    '2026-01-31T12:00:00Z\n',
  ])('%j is no time', (text) => {
    expect(nanosOfRfc3339(text)).toBeUndefined();
  });

  property('no nanosecond is lost, from 1970 to the end of 64 bits', () =>
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (nanos) => {
      const seconds = new Date(Number(nanos / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
      const fraction = String(nanos % 1_000_000_000n).padStart(9, '0');
      expect(nanosOfRfc3339(`${seconds}.${fraction}Z`)).toBe(String(nanos));
    }),
  );
});

test('milliseconds are rounded down, so that an event is never younger than it is', () => {
  expect(msOfNanos('1999999')).toBe(1);
  expect(msOfNanos('1769860800123999999')).toBe(1_769_860_800_123);
});

test('an ISO time shows the milliseconds', () => {
  expect(isoOfNanos('1769860800123999999')).toBe('2026-01-31T12:00:00.123Z');
});

property('whatever counts as nanoseconds can be shown', () =>
  fc.property(fc.stringMatching(/^\d{1,20}$/), (text) => {
    expect(isNanos(text)).toBe(true);
    expect(() => isoOfNanos(text)).not.toThrow();
  }),
);

test.each(['', '-1', '1.5', '1e9', ' 1', '1\n', '123456789012345678901', 5, undefined, null])(
  '%j is not a time in nanoseconds',
  (value) => {
    expect(isNanos(value)).toBe(false);
  },
);
