import type { Histogram } from 'hdr-histogram-js';
import type { Latencies } from './load-options.js';

/** The longest that is told apart, µs. */
const longestUs = 3_600_000_000;

/** Latencies to three digits, in memory that does not grow with their number. */
export class LatencyRecorder {
  private constructor(private readonly histogram: Histogram) {}

  static async make(): Promise<LatencyRecorder> {
    const { build } = await import('hdr-histogram-js');
    return new LatencyRecorder(
      build({
        bitBucketSize: 32,
        lowestDiscernibleValue: 1,
        highestTrackableValue: longestUs,
        numberOfSignificantValueDigits: 3,
      }),
    );
  }

  get count(): number {
    return this.histogram.totalCount;
  }

  record(ms: number): void {
    this.histogram.recordValue(Math.min(longestUs, Math.max(0, Math.round(ms * 1000))));
  }

  /** Null: none was recorded. */
  get p99(): number | null {
    return this.count === 0 ? null : this.percentile(99);
  }

  /** Null: none was recorded. */
  summary(): Latencies | null {
    if (this.count === 0) return null;
    const [p50, p90, p99] = [this.percentile(50), this.percentile(90), this.percentile(99)];
    return { p50, p90, p99, max: this.percentile(100) };
  }

  private percentile(percent: number): number {
    return this.histogram.getValueAtPercentile(percent) / 1000;
  }
}
