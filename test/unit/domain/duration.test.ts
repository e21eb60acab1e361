import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  durationMeant,
  formatDuration,
  formatMeasured,
  parseDuration,
} from '../../../src/lib/domain/duration.js';
import { property } from '../../support/property.js';

const hundredYearsMs = 100 * 365 * 86_400_000;

describe('parseDuration', () => {
  test.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['1w', 604_800_000],
    ['1h30m', 5_400_000],
    ['1m1ms', 60_001],
    ['1.5s', 1500],
    ['0s', 0],
    ['36500d', hundredYearsMs],
  ])('%j is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    '',
    '5',
    '5 m',
    ' 5m',
    '5m\n',
    '-5m',
    '+5m',
    '5M',
    'm',
    '.5s',
    '5.s',
    '1e3s',
    'Infinity',
    '1y',
    '5m!',
    '36501d',
    `${'9'.repeat(60)}s`,
    '1s'.repeat(33),
  ])('%j is no duration', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('formatDuration', () => {
  test.each([
    [0, '0s'],
    [1, '1ms'],
    [999, '999ms'],
    [1000, '1s'],
    [90_000, '1m30s'],
    [300_000, '5m'],
    [86_400_000, '1d'],
    [604_800_000, '7d'],
    [90_061_001, '1d1h1m1s1ms'],
    [-5000, '-5s'],
    [0.4, '0s'],
    [-0.4, '0s'],
    [-0, '0s'],
    [999.6, '1s'],
  ])('%d ms is %j', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  property('what it writes parses to the same number', () =>
    fc.property(fc.integer({ min: 0, max: hundredYearsMs }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
});

describe('durationMeant', () => {
  test.each([
    ['5min', '5m'],
    ['5 minutes', '5m'],
    ['2 Hours', '2h'],
    ['1 day, 12 hrs', '1d12h'],
    ['30sec', '30s'],
    ['250 msec', '250ms'],
    ['5M', '5m'],
    ['1w', undefined],
    ['5', undefined],
    ['5 bananas', undefined],
    ['', undefined],
    ['1m'.repeat(40), undefined],
  ])('of %j is %j', (text, meant) => {
    expect(durationMeant(text)).toBe(meant);
    if (meant !== undefined) expect(parseDuration(meant)).toBeGreaterThan(0);
  });
});

test.each([
  [0, '0s'],
  [32, '32ms'],
  [999.4, '999ms'],
  [1000, '1s'],
  [4032, '4s'],
  [1530, '1.5s'],
  [9960, '10s'],
  [61_400, '1m1s'],
  [-4032, '-4s'],
])('%d ms that were measured are %s', (ms, text) => {
  expect(formatMeasured(ms)).toBe(text);
});
