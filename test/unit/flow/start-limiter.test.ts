import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/lib/flow/clock.js';
import { StartLimiter } from '../../../src/lib/flow/start-limiter.js';

describe('StartLimiter', () => {
  it('lets no more than its limit run at once, in order', async () => {
    const starts = new StartLimiter(2, undefined, undefined, systemClock);
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
    const stop = new AbortController();
    let nowMs = 50_000;
    const clock = { ...systemClock, monotonic: () => nowMs };
    // One in ten seconds.
    const starts = new StartLimiter(100, 0.1, stop.signal, clock);
    for (let n = 0; n < 40; n++) {
      const turn = starts.begin();
      nowMs += 10_000;
      expect(await turn).not.toBe(false);
    }
    // Time that passed without a start is not made up for.
    nowMs += 1_000_000;
    let begun = 0;
    const turns = [1, 2].map(async () => {
      const end = await starts.begin();
      if (end !== false) begun++;
    });
    nowMs += 10_000;
    await turns[0];
    await new Promise(setImmediate);
    expect(begun).toBe(1);
    stop.abort();
    await turns[1];
    expect(begun).toBe(1);
  });

  it('lets nobody begin after the signal, and ends the waiting', async () => {
    const stop = new AbortController();
    const starts = new StartLimiter(1, 0.001, stop.signal, systemClock);
    const first = starts.begin();
    stop.abort();
    expect(await first).toBe(false);
    expect(await starts.begin()).toBe(false);
  });

  it('watches the signal once for all that wait, and it ends all of them', async () => {
    const stop = new AbortController();
    const starts = new StartLimiter(100, 1, stop.signal, systemClock);
    const waiting = Array.from({ length: 100 }, () => starts.begin());
    await new Promise(setImmediate);
    expect(getEventListeners(stop.signal, 'abort').length).toBeLessThanOrEqual(1);
    stop.abort();
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => false));
  });
});
