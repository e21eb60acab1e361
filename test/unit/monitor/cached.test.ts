import { expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/flow/clock.js';
import { Cached } from '../../../src/lib/monitor/cached.js';

function cachedOf(read: (n: number) => Promise<number>) {
  let now = 0;
  let reads = 0;
  const clock = { ...systemClock, monotonic: () => now };
  const cached = new Cached(() => read(++reads), { freshMs: 100, share: 0.5, keptMs: 1000, clock });
  return {
    cached,
    pass: (ms: number): void => void (now += ms),
    get reads() {
      return reads;
    },
  };
}

test('what is fresh is not read again, and those who ask together read once', async () => {
  const bed = cachedOf((n) => Promise.resolve(n));
  expect(await Promise.all([bed.cached.get(1000), bed.cached.get(1000)])).toEqual([1, 1]);
  bed.pass(99);
  expect(await bed.cached.get(1000)).toBe(1);
  bed.pass(1);
  expect(await bed.cached.get(1000)).toBe(2);
});

test('who asks waits no longer than said, and gets what was known, until that is too old', async () => {
  let end: (() => void) | undefined;
  const bed = cachedOf((n) =>
    n === 2 ? new Promise((resolve) => (end = () => resolve(2))) : Promise.resolve(n),
  );
  expect(await bed.cached.get(1000)).toBe(1);
  bed.pass(100);
  expect(await bed.cached.get(0)).toBe(1);
  bed.pass(901);
  expect(await bed.cached.get(0)).toBeUndefined();
  end?.();
  expect(await bed.cached.get(1000)).toBe(2);
  // It took 901 ms: it is not read again for twice as long.
  bed.pass(900);
  expect(await bed.cached.get(1000)).toBe(2);
  expect(bed.reads).toBe(2);
  bed.pass(902);
  expect(await bed.cached.get(1000)).toBe(3);
});

test('an error leaves what was known', async () => {
  const bed = cachedOf((n) => (n === 1 ? Promise.resolve(1) : Promise.reject(new Error('no answer'))));
  await bed.cached.get(1000);
  bed.pass(100);
  expect(await bed.cached.get(1000)).toBe(1);
  bed.pass(1000);
  expect(await bed.cached.get(1000)).toBeUndefined();
});
