import { describe, expect, test } from 'vitest';
import { expiresAt, messageTtlMs } from '../../../src/lib/domain/message-ttl.js';

describe('the life that a message was given', () => {
  test.each([
    ['30', 30_000],
    ['+2', 2000],
    ['1m', 60_000],
    ['1h30m', 5_400_000],
    ['1.9s', 1000],
    ['1500ms', 1000],
    ['+2s', 2000],
    ['never', Number.POSITIVE_INFINITY],
    ['NEVER', Number.POSITIVE_INFINITY],
  ])('"%s" is %d ms, as the server reads it', (text, ms) => {
    expect(messageTtlMs(text)).toBe(ms);
  });

  test.each(['', '0', '0.5s', '-1', '1d', 'soon', '1m ', '1 m'])('"%s" is none', (text) => {
    expect(messageTtlMs(text)).toBeUndefined();
  });
});

describe('when a message expires', () => {
  const born = '1769860800000000000';
  const at = (ttl: string | undefined, maxAgeMs: number, allowsTtl = true): string | null =>
    expiresAt(born, ttl, { maxAgeMs, allowsTtl });

  test.each([
    ['the earlier of its own end and the age of the stream', '1m', 3_600_000, '2026-01-31T12:01:00.000Z'],
    ['the age of the stream, where that is earlier', '2h', 3_600_000, '2026-01-31T13:00:00.000Z'],
    ['its own, where the stream has no age', '1m', 0, '2026-01-31T12:01:00.000Z'],
    ['never, whatever the age of the stream', 'never', 3_600_000, null],
    ['that of the stream, where it has none of its own', undefined, 3_600_000, '2026-01-31T13:00:00.000Z'],
    ['never, without either', undefined, 0, null],
    ['never, beyond what a date can be', '99999999999999999', 0, null],
  ])('%s', (_, ttl, maxAgeMs, expected) => {
    expect(at(ttl, maxAgeMs)).toBe(expected);
  });

  test('not by a header that its stream does not allow', () => {
    expect(at('1m', 3_600_000, false)).toBe('2026-01-31T13:00:00.000Z');
  });
});
