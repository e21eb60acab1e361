import type { PlutomiError } from '../../errors.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import type { ReplayProblem } from './replay-options.js';

/** What is done with the events of a replay. */
export interface Sink {
  /** Takes one. What it gives is waited for before the next. */
  take(message: StoredMessage): void | Promise<void>;
  /** The next one may be a while: what was taken goes out now. */
  flush?(): void | Promise<void>;
  /** All that was taken is done, as far as it can be. */
  end(): Promise<void>;
  /** Why nothing more can be taken. */
  readonly stopped?: PlutomiError | undefined;
}

/** Counts what became of events that were taken in order, and done in any. */
export class ReplayTally {
  read = 0;
  written = 0;
  failed = 0;
  duplicates = 0;
  firstSeq: number | null = null;
  private readonly problems = new Map<string, ReplayProblem>();
  /** Taken, in order; the first of them is not done. */
  private open: { readonly seq: number; done: boolean }[] = [];
  private openFrom = 0;
  private doneSeq: number | null = null;

  /** All up to this one are done. */
  get lastSeq(): number | null {
    return this.doneSeq;
  }

  take(seq: number): { readonly seq: number; done: boolean } {
    this.read++;
    this.firstSeq ??= seq;
    const one = { seq, done: false };
    this.open.push(one);
    return one;
  }

  write(one: { readonly seq: number; done: boolean }, duplicate = false): void {
    this.written++;
    if (duplicate) this.duplicates++;
    this.close(one);
  }

  fail(one: { readonly seq: number; done: boolean }, kind: string, message: string): void {
    this.failed++;
    const known = this.problems.get(kind);
    this.problems.set(kind, { message, seq: one.seq, ...known, count: (known?.count ?? 0) + 1 });
    this.close(one);
  }

  /** The most frequent first. */
  worst(): ReplayProblem[] {
    return [...this.problems.values()].toSorted((a, b) => b.count - a.count);
  }

  private close(one: { readonly seq: number; done: boolean }): void {
    one.done = true;
    while (this.open[this.openFrom]?.done) this.doneSeq = this.open[this.openFrom++]?.seq ?? this.doneSeq;
    if (this.openFrom < 1024) return;
    this.open = this.open.slice(this.openFrom);
    this.openFrom = 0;
  }
}
