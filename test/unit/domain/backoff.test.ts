import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { delayAfter, longestWait, withJitter } from '../../../src/lib/domain/backoff.js';
import { property } from '../../support/property.js';

describe('delayAfter', () => {
  test.each([
    [[100, 200, 300], 1, 100],
    [[100, 200, 300], 3, 300],
    [[100, 200, 300], 4, 300],
    [[100, 200, 300], 1000, 300],
    [[100], 1, 100],
    [[], 1, 0],
  ])('backoff %j after attempt %d waits %d ms', (backoff, attempt, delay) => {
    expect(delayAfter(backoff, attempt)).toBe(delay);
  });
});

const delay = fc.integer({ min: 0, max: 86_400_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

property('jitter moves a wait by at most a tenth, to a whole number', () =>
  fc.property(delay, random, (ms, at) => {
    const spread = withJitter(ms, () => at);
    expect(Number.isInteger(spread)).toBe(true);
    expect(Math.abs(spread - ms)).toBeLessThanOrEqual(ms / 10 + 0.5);
  }),
);

test('the middle of the jitter is the wait itself', () => {
  expect(withJitter(1000, () => 0.5)).toBe(1000);
});

property('no stage waits longer than its longest wait', () =>
  fc.property(
    fc.array(delay, { maxLength: 5 }),
    fc.integer({ min: 1, max: 10 }),
    random,
    (backoff, n, at) => {
      let waited = 0;
      for (let attempt = 1; attempt < n; attempt++) waited += delayAfter(backoff, attempt) * (0.9 + 0.2 * at);
      expect(waited).toBeLessThanOrEqual(longestWait(backoff, n));
    },
  ),
);

test('a stage of one attempt never waits', () => {
  expect(longestWait([1000], 1)).toBe(0);
});
