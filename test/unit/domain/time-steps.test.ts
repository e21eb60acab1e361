import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepCount, TimeSteps } from '../../../src/lib/domain/time-steps.js';

function stepsOf(first: number, now: number, times: readonly number[]): TimeSteps {
  const steps = new TimeSteps(first, now);
  for (const time of times) steps.add(time);
  return steps;
}

describe('TimeSteps', () => {
  it('counts in 24 steps of equal length, the first and the last moment included', () => {
    const { steps } = stepsOf(0, 2400, [0, 99, 100, 1250, 2399, 2400, 9000]);
    expect(steps).toHaveLength(stepCount);
    expect([steps[0], steps[1], steps[12], steps[23]]).toEqual([2, 1, 1, 3]);
    expect(stepsOf(5, 5, [5, 5]).steps.at(-1)).toBe(2);
  });

  it('loses nothing when lines are put together, and is off by an eighth of a step at most', () => {
    const many = fc.array(fc.integer({ min: 0, max: 9999 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(many, fc.integer({ min: 1, max: 9000 }), (times, start) => {
        const late = times.map((time) => start + Math.floor((time / 10_000) * (10_000 - start)));
        const all = stepsOf(0, 10_000, []);
        all.addAll(stepsOf(start, 10_000, late));
        const exact = stepsOf(0, 10_000, late).steps;
        const sums = (steps: readonly number[]): number[] =>
          steps.map((_, at) => steps.slice(0, at + 1).reduce((sum, one) => sum + one, 0));
        expect(sums(all.steps).at(-1)).toBe(late.length);
        // Whatever fell into another step died within an eighth of a step of its edge.
        for (const [at, sum] of sums(all.steps).entries()) {
          const edge = ((at + 1) * 10_000) / stepCount;
          const near = late.filter((time) => Math.abs(time - edge) <= 10_000 / stepCount / 8 + 1).length;
          expect(Math.abs(sum - (sums(exact)[at] ?? 0))).toBeLessThanOrEqual(near);
        }
      }),
    );
  });
});
