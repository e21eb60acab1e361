import { describe, expect, test } from 'vitest';
import { limitsOfAlert, type MeasuredCondition, textOf } from '../../../src/lib/domain/alert.js';
import { formatRate, parseRate } from '../../../src/lib/domain/alert-rate.js';
import { AlertWatch, ArrivalCounter } from '../../../src/lib/domain/alert-watch.js';

describe('a limit', () => {
  test('fires above it, and not at it', () => {
    const watch = new AlertWatch('count', 100);
    expect(watch.see(100, false, 0)).toBeUndefined();
    expect(watch.see(101, false, 0)).toBe('firing');
  });

  test('is over at nine tenths, after 30 s', () => {
    const watch = new AlertWatch('count', 100);
    expect(watch.see(91, true, 0)).toBeUndefined();
    expect(watch.see(91, true, 60_000)).toBeUndefined();
    expect(watch.see(90, true, 60_000)).toBeUndefined();
    expect(watch.see(90, true, 89_999)).toBeUndefined();
    expect(watch.see(90, true, 90_000)).toBe('resolved');
  });

  test('what swings around it is told once', () => {
    const watch = new AlertWatch('count', 100);
    const told = [];
    let isFiring = false;
    for (let n = 0; n < 200; n++) {
      const state = watch.see(n % 3 === 0 ? 101 : 80, isFiring, n * 10_000);
      if (state !== undefined) told.push(state);
      isFiring = state === undefined ? isFiring : state === 'firing';
    }
    expect(told).toEqual(['firing']);
  });

  test.each<[MeasuredCondition, number, number, number]>([
    ['count', 0, 0, 0],
    ['count', 1, 1, 0],
    ['rate', 10, 10, 9],
    ['oldest', 60_000, 60_000, 54_000],
    ['expiring', 3_600_000, 0, 0],
  ])('%s over %d', (condition, threshold, above, upTo) => {
    expect(limitsOfAlert(condition, threshold)).toEqual({ above, upTo });
  });
});

describe('arrivals', () => {
  test('are those of the time, to the look', () => {
    const counter = new ArrivalCounter(60_000);
    expect(counter.add(500, 0)).toBe(0);
    expect(counter.add(510, 10_000)).toBe(10);
    expect(counter.add(511, 60_000)).toBe(11);
    expect(counter.add(511, 65_000)).toBe(11);
    expect(counter.add(511, 70_000)).toBe(1);
    expect(counter.add(511, 120_000)).toBe(0);
  });

  test('begin anew with a stream that was recreated', () => {
    const counter = new ArrivalCounter(60_000);
    counter.add(500, 0);
    expect(counter.add(3, 10_000)).toBe(0);
    expect(counter.add(5, 20_000)).toBe(2);
  });

  test('remember no more than they need', () => {
    const counter = new ArrivalCounter(60_000);
    for (let n = 0; n < 10_000; n++) counter.add(n, n * 10_000);
    expect((counter as unknown as { looks: unknown[] }).looks.length).toBeLessThan(10);
  });
});

test('a rate is read as it is written', () => {
  for (const text of ['10/1m', '0/30s', '5/1d', '7/1h30m']) {
    const rate = parseRate(text);
    expect(rate && formatRate(rate)).toBe(text);
  }
  for (const text of ['', '10', '10/', '/1m', '10/29s', '1/25h', '1e3/1m', 'x/1m'])
    expect(parseRate(text), text).toBeUndefined();
});

test.each<[MeasuredCondition, number, number, string, string]>([
  ['count', 1, 0, '1 dead letter in the DLQ, more than 0', '1 dead letter in the DLQ, no more than 0'],
  ['rate', 11, 10, '11 dead letters within 1m, more than 10', '11 dead letters within 1m, no more than 10'],
  [
    'oldest',
    61_500,
    60_000,
    'the oldest dead letter is there for 1m1s, longer than 1m',
    'the oldest dead letter is there for 1m1s, no longer than 1m',
  ],
  ['oldest', 0, 60_000, 'the oldest dead letter is there for 0s, longer than 1m', 'the DLQ is empty'],
  [
    'expiring',
    2,
    3_600_000,
    '2 dead letters can be replayed for less than 1h: then their events have left their stream, and are not kept, or they have left the DLQ. Replay them, or raise maxAge',
    'every dead letter can be replayed for longer than 1h',
  ],
])('the words of %s %d', (condition, value, threshold, firing, over) => {
  const measured = { condition, value, threshold, perMs: 60_000 };
  expect([textOf(measured, false), textOf(measured, true)]).toEqual([firing, over]);
});
