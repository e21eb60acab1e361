/** One that waits for its batch. */
export interface Gathered {
  /** Of the batch that it is in nobody else may be. */
  readonly single: boolean;
}

/** When a batch is full, when it waits no longer, and how many run at once. */
export interface BatchLimits {
  readonly size: number;
  readonly waitMs: number;
  readonly atOnce: number;
}

/**
 * Gathers what comes one by one into batches: as soon as one is full, or its first member has waited long enough.
 * Singles have a batch of their own, at once; they and the others take turns.
 */
export class Batches<T extends Gathered> {
  private readonly waiting: T[] = [];
  private readonly singles: T[] = [];
  private running = 0;
  private isDue = false;
  private isHurried = false;
  private wasSingle = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly limits: BatchLimits,
    /** Never rejects. */
    private readonly run: (batch: readonly T[]) => Promise<void>,
  ) {}

  add(one: T): void {
    (one.single ? this.singles : this.waiting).push(one);
    this.pump();
  }

  /** From now on nothing waits for more to come: the process stops. */
  hurry(): void {
    this.isHurried = true;
    this.pump();
  }

  private pump(): void {
    while (this.running < this.limits.atOnce) {
      const batch = this.next();
      if (batch === undefined) break;
      this.running++;
      void this.run(batch).then(() => {
        this.running--;
        this.pump();
      });
    }
    this.watchTime();
  }

  private next(): readonly T[] | undefined {
    const { waiting, singles, limits } = this;
    const isReady = waiting.length > 0 && (waiting.length >= limits.size || this.isDue || this.isHurried);
    if (singles.length > 0 && (!isReady || !this.wasSingle)) {
      this.wasSingle = true;
      return singles.splice(0, 1);
    }
    if (!isReady) return undefined;
    this.wasSingle = false;
    this.isDue = false;
    clearTimeout(this.timer);
    this.timer = undefined;
    return waiting.splice(0, limits.size);
  }

  /** From the first that waits. */
  private watchTime(): void {
    if (this.waiting.length === 0 || this.timer !== undefined || this.isDue) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.isDue = true;
      this.pump();
    }, this.limits.waitMs);
  }
}
