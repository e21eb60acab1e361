import { expect, test } from 'vitest';
import { parseMoment } from '../../../src/lib/domain/moment.js';

const now = Date.parse('2026-01-31T12:00:00.000Z');

test.each([
  ['2h', '2026-01-31T10:00:00.000Z'],
  ['1d12h', '2026-01-30T00:00:00.000Z'],
  ['0s', '2026-01-31T12:00:00.000Z'],
  ['2026-01-31', '2026-01-31T00:00:00.000Z'],
  ['2026-01-31T12:00Z', '2026-01-31T12:00:00.000Z'],
  ['2026-01-31T12:00:30.5Z', '2026-01-31T12:00:30.500Z'],
  ['2026-01-31T12:00:30.123456789Z', '2026-01-31T12:00:30.123Z'],
  ['2026-01-31T12:00+02:00', '2026-01-31T10:00:00.000Z'],
  ['2026-12-31T12:00Z', '2026-12-31T12:00:00.000Z'],
])('%s is %s, seen from noon', (text, iso) => {
  expect(new Date(parseMoment(text, now) ?? Number.NaN).toISOString()).toBe(iso);
});

test.each([
  '',
  'yesterday',
  '2',
  '-2h',
  '2026',
  '2026-13-01',
  '2026-01-31T25:00Z',
  '31.1.2026',
  '2026-01-31 12:00',
])('%j is no moment', (text) => {
  expect(parseMoment(text, now)).toBeUndefined();
});
