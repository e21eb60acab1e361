import { expect, test } from 'vitest';
import { renderProgress } from '../../../src/lib/render/progress.js';

test.each([
  [0, 100, 0, '0 of 100 done'],
  [0, 100, 5000, '0 of 100 done'],
  [1000, 3500, 2000, '1000 of 3500 done, 500/s, 5s left'],
  [3, 100, 2000, '3 of 100 done, 1.5/s, 1m5s left'],
  [100, 100, 1000, '100 of 100 done, 100/s, 0s left'],
])('%i of %i after %i ms', (done, total, elapsedMs, text) => {
  expect(renderProgress({ done, total, elapsedMs })).toBe(text);
});
