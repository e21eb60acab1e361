import { setTimeout as sleep } from 'node:timers/promises';
import { longestTimerMs } from '../../domain/duration.js';
import type { Clock } from '../../flow/clock.js';

/** Shorter waits are put together: a timer is not finer. */
const shortestWaitMs = 5;

/** When each event may be taken: by the times at which they were stored, and no more than so many a second. */
export class Pace {
  private begun: { readonly eventMs: number; readonly atMs: number } | undefined;
  private nextAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly speed: number | 'max',
    private readonly rate: number | undefined,
    private readonly clock: Clock,
  ) {}

  /** How long the event that was stored at this time must wait, ms; 0: not at all. Each event asks once. */
  waitMs(eventMs: number): number {
    const { speed, rate, clock } = this;
    if (speed === 'max' && rate === undefined) return 0;
    const nowMs = clock.monotonic();
    this.begun ??= { eventMs, atMs: nowMs };
    let dueMs = nowMs;
    if (speed !== 'max') dueMs = this.begun.atMs + (eventMs - this.begun.eventMs) / speed;
    if (rate !== undefined) {
      dueMs = Math.max(dueMs, this.nextAt);
      this.nextAt = Math.max(dueMs, nowMs - shortestWaitMs) + 1000 / rate;
    }
    const waitMs = dueMs - nowMs;
    return waitMs < shortestWaitMs ? 0 : waitMs;
  }
}

/** Waits, however long, or until the signal. */
export async function pause(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  for (let left = waitMs; left > 0 && signal?.aborted !== true; left -= longestTimerMs)
    await sleep(Math.min(left, longestTimerMs), undefined, signal ? { signal } : {}).catch(() => {});
}
