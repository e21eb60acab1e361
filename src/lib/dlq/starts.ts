import { setTimeout as sleep } from 'node:timers/promises';

/** Shorter waits than this are put together: a timer is no finer. */
const shortestWaitMs = 10;

/** Lets at most `limit` run at once, and begin at most `rate` a second; nobody after the signal. */
export class Starts {
  private free: number;
  private readonly waiting: (() => void)[] = [];
  /** When the next may begin, monotonic ms. */
  private nextAt = 0;

  constructor(
    limit: number,
    private readonly rate: number | undefined,
    private readonly signal: AbortSignal | undefined,
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

  private async turn(): Promise<void> {
    if (this.rate === undefined || this.signal?.aborted) return;
    const now = performance.now();
    this.nextAt = Math.max(this.nextAt, now - shortestWaitMs) + 1000 / this.rate;
    const waitMs = this.nextAt - now;
    if (waitMs < shortestWaitMs) return;
    await sleep(waitMs, undefined, this.signal ? { signal: this.signal } : {}).catch(() => {});
  }
}
