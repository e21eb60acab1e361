import { expect, it } from 'vitest';
import { concurrently } from '../../../src/lib/flow/concurrently.js';

it('keeps the order of the items, and never runs more at once than it may', async () => {
  let running = 0;
  let most = 0;
  const results = await concurrently([5, 1, 4, 2, 3], 2, async (n) => {
    most = Math.max(most, ++running);
    for (let i = 0; i < n; i++) await Promise.resolve();
    running--;
    return n * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
});

it('begins nothing more after its signal', async () => {
  const stop = new AbortController();
  const results = await concurrently(
    [1, 2, 3, 4],
    1,
    async (n) => {
      if (n === 2) stop.abort();
      return n;
    },
    stop.signal,
  );
  expect(results).toEqual([1, 2, undefined, undefined]);
});

it('starts nothing more after the first error, and throws it when what it started has ended', async () => {
  const started: number[] = [];
  let running = 0;
  const failing = concurrently(
    Array.from({ length: 100 }, (_, n) => n),
    3,
    async (n) => {
      started.push(n);
      running++;
      // The others are under way when one fails, and take longer; one of them fails too.
      for (let i = 0; i < (n === 1 ? 1 : 10); i++) await Promise.resolve();
      running--;
      if (n > 0) throw new Error(`item ${n}`);
    },
  );
  await expect(failing).rejects.toThrow('item 1');
  expect(running).toBe(0);
  expect(started).toEqual([0, 1, 2]);
});

it('has no work for no items', async () => {
  expect(await concurrently([], 4, async () => 1)).toEqual([]);
});
