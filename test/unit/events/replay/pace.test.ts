import { expect, test } from 'vitest';
import { Pace, pause } from '../../../../src/lib/events/replay/pace.js';
import { systemClock } from '../../../../src/lib/flow/clock.js';

function handClock() {
  let nowMs = 1000;
  return { clock: { ...systemClock, monotonic: () => nowMs }, go: (ms: number) => void (nowMs += ms) };
}

test('as fast as it can nothing waits', () => {
  const pace = new Pace('max', undefined, handClock().clock);
  expect([pace.waitMs(0), pace.waitMs(1_000_000)]).toEqual([0, 0]);
});

test('by the times at which they were stored, from the first on; what is late does not wait', () => {
  const { clock, go } = handClock();
  const pace = new Pace(10, undefined, clock);
  expect(pace.waitMs(50_000)).toBe(0);
  expect(pace.waitMs(51_000)).toBe(100);
  go(100);
  expect(pace.waitMs(53_000)).toBe(200);
  go(300);
  expect(pace.waitMs(53_500)).toBe(0);
});

test('at most so many a second, whatever the speed says', () => {
  const { clock, go } = handClock();
  const pace = new Pace(1, 10, clock);
  expect(pace.waitMs(0)).toBe(0);
  expect(pace.waitMs(0)).toBeCloseTo(100);
  go(100);
  expect(pace.waitMs(0)).toBeCloseTo(100);
  go(100);
  expect(pace.waitMs(5000)).toBeCloseTo(4800);
});

test('a long pause ends with the signal', async () => {
  const stop = new AbortController();
  const paused = pause(1e12, stop.signal);
  stop.abort();
  await paused;
});
