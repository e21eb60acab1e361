import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { StartLimiter } from '../../../src/lib/flow/start-limiter.js';

describe('StartLimiter', () => {
  it('lets no more than its limit run at once, in order', async () => {
    const starts = new StartLimiter(2, undefined, undefined);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const all = [1, 2, 3, 4].map(async (n) => {
      const end = await starts.begin();
      if (end === false) throw new Error('there is no signal');
      begun.push(n);
      ends.push(end);
    });
    await Promise.all(all.slice(0, 2));
    expect(begun).toEqual([1, 2]);
    ends.shift()?.();
    await all[2];
    ends.shift()?.();
    await all[3];
    expect(begun).toEqual([1, 2, 3, 4]);
  });

  it('lets no more begin a second than its rate', async () => {
    const starts = new StartLimiter(100, 200, undefined);
    const startedMs = performance.now();
    for (let n = 0; n < 40; n++) ((await starts.begin()) || (() => {}))();
    // 40 at 200 a second are 200 ms; a timer may fire a moment early.
    expect(performance.now() - startedMs).toBeGreaterThan(150);
  });

  it('lets nobody begin after the signal, and ends the waiting', async () => {
    const stop = new AbortController();
    const starts = new StartLimiter(1, 0.001, stop.signal);
    const first = starts.begin();
    stop.abort();
    expect(await first).toBe(false);
    expect(await starts.begin()).toBe(false);
  });

  it('watches the signal once for all that wait, and it ends all of them', async () => {
    const stop = new AbortController();
    const starts = new StartLimiter(100, 1, stop.signal);
    const waiting = Array.from({ length: 100 }, () => starts.begin());
    await new Promise(setImmediate);
    expect(getEventListeners(stop.signal, 'abort').length).toBeLessThanOrEqual(1);
    stop.abort();
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => false));
  });
});
