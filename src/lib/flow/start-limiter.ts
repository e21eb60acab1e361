import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './clock.js';

/** Shorter waits than this are put together: a timer is not finer. */
const shortestWaitMs = 10;

/** Lets at most `limit` run at once, and start at most `rate` per second; none after the signal. */
export class StartLimiter {
  private free: number;
  private readonly waiting: (() => void)[] = [];
  /** When the next may begin, monotonic ms. */
  private nextAt = 0;
  /** Resolves when all whose time is earlier have begun. */
  private line: Promise<void> = Promise.resolve();

  constructor(
    limit: number,
    private readonly rate: number | undefined,
    private readonly signal: AbortSignal | undefined,
    private readonly clock: Clock,
  ) {
    this.free = limit;
  }

  /** Waits for its turn. Gives what to call at the end; false: the signal came first. */
  readonly begin = async (): Promise<(() => void) | false> => {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    await this.turn();
    if (!this.signal?.aborted) return this.end;
    this.end();
    return false;
  };

  private readonly end = (): void => {
    const next = this.waiting.shift();
    if (next) next();
    else this.free++;
  };

  private turn(): Promise<void> {
    if (this.rate === undefined || this.signal?.aborted) return Promise.resolve();
    this.nextAt = Math.max(this.nextAt, this.clock.monotonic() - shortestWaitMs) + 1000 / this.rate;
    const at = this.nextAt;
    // One behind the other: a listener on the signal for each would be a leak to Node, which warns of it.
    this.line = this.line.then(() => this.until(at));
    return this.line;
  }

  /** Waits for this time, or for the signal. */
  private async until(at: number): Promise<void> {
    const waitMs = at - this.clock.monotonic();
    if (waitMs < shortestWaitMs || this.signal?.aborted) return;
    await sleep(waitMs, undefined, this.signal ? { signal: this.signal } : {}).catch(() => {});
  }
}
