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

it('ends with the first error, and has no work for no items', async () => {
  const failing = concurrently([1, 2], 2, async (n) => {
    if (n === 2) throw new Error('two');
  });
  await expect(failing).rejects.toThrow('two');
  expect(await concurrently([], 4, async () => 1)).toEqual([]);
});
