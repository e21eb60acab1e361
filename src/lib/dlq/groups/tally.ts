import type { DeadLetter } from '../../domain/dead-letter.js';

/** How many dead letters there are of one kind, and when they died. They are added in the order of their deaths. */
export class Tally {
  count = 0;
  firstDeadAt = '';
  lastDeadAt = '';
  /** Id of the one that died last. */
  sample = '';
  /** Its reason. */
  reason = '';

  add({ id, deadAt, reason }: DeadLetter): void {
    if (this.count === 0 || deadAt < this.firstDeadAt) this.firstDeadAt = deadAt;
    this.count++;
    // Restored ones stand behind others that died later.
    if (deadAt < this.lastDeadAt) return;
    this.lastDeadAt = deadAt;
    this.sample = id;
    this.reason = reason;
  }

  /** Those of another kind too. */
  take(other: Tally): void {
    if (other.count === 0) return;
    if (this.count === 0 || other.firstDeadAt < this.firstDeadAt) this.firstDeadAt = other.firstDeadAt;
    if (other.lastDeadAt >= this.lastDeadAt) {
      this.lastDeadAt = other.lastDeadAt;
      this.sample = other.sample;
      this.reason = other.reason;
    }
    this.count += other.count;
  }
}

/** The largest first; of the same size, the one that died last. */
export function largestFirst<T extends Pick<Tally, 'count' | 'lastDeadAt'>>(groups: Iterable<T>): T[] {
  return [...groups].toSorted((a, b) => b.count - a.count || b.lastDeadAt.localeCompare(a.lastDeadAt));
}
