/** Steps that a time line is shown in. */
export const stepCount = 24;
/** Finer ones are kept, so that what is put together still falls into the right step. */
const finer = 8;

/** How many died in each of some steps of equal length, from the first death to now. Its size is fixed. */
export class TimeSteps {
  private readonly counts = new Uint32Array(stepCount * finer);

  constructor(
    private readonly firstMs: number,
    private readonly nowMs: number,
  ) {}

  /** `times`: so many of them. */
  add(ms: number, times = 1): void {
    const at = Math.floor(((ms - this.firstMs) / (this.nowMs - this.firstMs)) * this.counts.length);
    // All at one moment, or after the reading began.
    const within = Number.isNaN(at)
      ? this.counts.length - 1
      : Math.min(this.counts.length - 1, Math.max(0, at));
    this.counts[within] = (this.counts[within] ?? 0) + times;
  }

  /** Those of another line with the same end, each where the middle of its step is. */
  addAll(other: TimeSteps): void {
    const length = (other.nowMs - other.firstMs) / other.counts.length;
    for (const [at, count] of other.counts.entries()) {
      if (count > 0) this.add(other.firstMs + (at + 0.5) * length, count);
    }
  }

  get steps(): number[] {
    const all = Array.from(this.counts);
    return Array.from({ length: stepCount }, (_, step) =>
      all.slice(step * finer, (step + 1) * finer).reduce((sum, one) => sum + one, 0),
    );
  }
}
