import { limitsOfAlert, type MeasuredCondition } from './alert.js';

/** So long it must have been over before that is told, ms. */
export const calmMs = 30_000;

/** Tells when a measured condition begins and when it is over: not before it has been calm for a while. */
export class AlertWatch {
  private calmSinceMs: number | undefined;

  constructor(
    private readonly condition: MeasuredCondition,
    private readonly threshold: number,
    private readonly calm = calmMs,
  ) {}

  /** So much may be, once it fires. */
  isCalm(value: number): boolean {
    return value <= limitsOfAlert(this.condition, this.threshold).upTo;
  }

  /** What to tell of a value; undefined: nothing. */
  see(value: number, isFiring: boolean, nowMs: number): 'firing' | 'resolved' | undefined {
    if (!isFiring) {
      this.calmSinceMs = undefined;
      return value > limitsOfAlert(this.condition, this.threshold).above ? 'firing' : undefined;
    }
    if (!this.isCalm(value)) {
      this.calmSinceMs = undefined;
      return undefined;
    }
    this.calmSinceMs ??= nowMs;
    return nowMs - this.calmSinceMs >= this.calm ? 'resolved' : undefined;
  }
}

/** How many came within a time, by the last sequence of a stream at each look. */
export class ArrivalCounter {
  private looks: { readonly atMs: number; readonly lastSeq: number }[] = [];

  constructor(private readonly perMs: number) {}

  /** Those of the last `perMs`, or since the first look where that is later. */
  add(lastSeq: number, atMs: number): number {
    // It was recreated: what came before is unknown.
    if (lastSeq < (this.looks.at(-1)?.lastSeq ?? 0)) this.looks = [];
    this.looks.push({ atMs, lastSeq });
    const first = this.looks.findIndex((look) => look.atMs >= atMs - this.perMs);
    // The last look before it says what was there when it began.
    const from = Math.max(0, this.looks[first]?.atMs === atMs - this.perMs ? first : first - 1);
    this.looks = this.looks.slice(from);
    return lastSeq - (this.looks[0]?.lastSeq ?? lastSeq);
  }
}
