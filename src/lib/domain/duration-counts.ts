/** Upper bounds, ms, as OpenTelemetry proposes them for what processes a message. */
export const durationBoundsMs = [
  5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000,
] as const;

/** How long attempts took, counted by bounds. */
export interface Durations {
  /** How many took at most that long, by the bounds in order; the last one: longer than all of them. Not summed up. */
  readonly counts: readonly number[];
  /** All together, ms. */
  readonly sumMs: number;
}

/** Kept where something is measured: one that is short costs a comparison and two additions. */
export class DurationCounts {
  private readonly counts = Array.from({ length: durationBoundsMs.length + 1 }, () => 0);
  private sumMs = 0;

  add(ms: number): void {
    let at = 0;
    while (at < durationBoundsMs.length && ms > (durationBoundsMs[at] as number)) at++;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sumMs += ms;
  }

  get now(): Durations {
    return { counts: [...this.counts], sumMs: this.sumMs };
  }
}
