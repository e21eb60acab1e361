import { expect, it } from 'vitest';
import { renderTime, renderWhen } from '../../../src/lib/render/time.js';

const nowMs = Date.parse('2026-01-31T12:00:00.000Z');

it.each([
  ['2026-01-31T12:00:00.000Z', 'now'],
  ['2026-01-31T11:59:59.500Z', 'now'],
  ['2026-01-31T11:59:01Z', '59s ago'],
  ['2026-01-31T11:57:00Z', '3m ago'],
  ['2026-01-31T10:00:00Z', '2h ago'],
  ['2026-01-01T12:00:00Z', '30d ago'],
  ['2026-02-07T11:59:59Z', 'in 7d'],
  ['2026-02-07T00:01:00Z', 'in 7d'],
  ['2026-02-06T23:59:00Z', 'in 6d'],
  ['2026-02-02T11:00:00Z', 'in 1d 23h'],
  ['2026-01-31T13:31:00Z', 'in 1h 31m'],
  ['2026-01-31T13:00:10Z', 'in 1h'],
  ['2026-01-31T12:00:02Z', 'in 2s'],
  ['2026-01-31T12:00:10Z', 'in 10s'],
  ['yesterday', 'yesterday'],
])('%s is %s', (iso, expected) => {
  expect(renderWhen(iso, nowMs)).toBe(expected);
});

it('writes a time without its zone and fraction', () => {
  expect(renderTime('2026-01-31T12:00:00.123Z')).toBe('2026-01-31 12:00:00');
  expect(renderTime('nonsense')).toBe('nonsense');
});
