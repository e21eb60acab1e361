import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../flow/clock.js';

export interface CachedOptions {
  /** What was read is not read again for so long, ms. */
  readonly freshMs: number;
  /** It is read at most that part of the time: what takes long is read seldom. */
  readonly share: number;
  /** What can't be read again is given for so long, ms. */
  readonly keptMs: number;
  readonly clock: Clock;
}

/** Something that takes a while to read, and that whoever asks must not wait for long. */
export class Cached<T> {
  private value: { readonly of: T; readonly at: number } | undefined;
  private reading: Promise<void> | undefined;
  private notBefore = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly options: CachedOptions,
  ) {}

  /** What is known after at most `waitMs`; undefined: nothing, or only what is too old. */
  async get(waitMs: number): Promise<T | undefined> {
    const { monotonic } = this.options.clock;
    if (monotonic() >= this.notBefore) this.reading ??= this.refresh();
    if (this.reading) await Promise.race([this.reading, sleep(waitMs, undefined, { ref: false })]);
    const { value } = this;
    return value && monotonic() - value.at <= this.options.keptMs ? value.of : undefined;
  }

  private async refresh(): Promise<void> {
    const { clock, freshMs, share } = this.options;
    const began = clock.monotonic();
    try {
      const of = await this.read();
      this.value = { of, at: clock.monotonic() };
    } catch {
      // No answer, or none for this user: what was known before is given as long as it may be.
    } finally {
      const now = clock.monotonic();
      this.notBefore = now + Math.max(freshMs, (now - began) / share);
      this.reading = undefined;
    }
  }
}
