import { decodeRecord } from '../../domain/record-decode.js';
import { parseDeadLetterId } from '../../domain/dead-letter.js';
import { type Key, keyId } from '../../domain/key.js';
import type { JournalRecord } from '../../domain/record.js';
import { recordsOfOutcome } from '../../domain/standing-records.js';
import { outcomeBy } from '../../domain/standing.js';
import { parseRecordSubject } from '../../domain/subjects.js';
import type { FrozenLetter } from '../../domain/task.js';
import { lastRecords } from '../../journal/read.js';
import { readStream } from '../../nats/read/read-stream.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { outcomeFilters } from './wait.js';

/** What became of a replayed dead letter. */
export type Outcome = 'resolved' | 'deadAgain';

/** Some letters whose outcomes are waited for. */
interface Waiting {
  readonly from: number;
  readonly to: number;
  readonly resolve: () => void;
}

interface Early {
  readonly id: string;
  readonly outcome: Outcome;
}

const placeOf = (consumer: string, seq: number, cycle: number): string => `${consumer}/${seq}/${cycle}`;

/**
 * Hears from the journal what becomes of a task's letters while they are replayed: an event may end before the one who
 * replayed it knows that he did, so what is told of any of them is kept until then.
 */
export class Outcomes {
  private readonly places = new Map<string, number>();
  /** Replayed, and waiting for its end. */
  private readonly open = new Map<number, Key>();
  private readonly early = new Map<number, Early>();
  private waiting: Waiting | undefined;
  private readonly closing = new AbortController();
  private reading: Promise<void> | undefined;
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly letters: readonly FrozenLetter[],
    private readonly onOutcome: (at: number, outcome: Outcome, key: Key) => void,
  ) {}

  /** `fromSeq`: the journal's next sequence before anything was replayed. */
  follow(fromSeq: number, consumers: ReadonlySet<string>): void {
    for (const [at, { id, cycle }] of this.letters.entries()) {
      const named = parseDeadLetterId(id);
      if (named) this.places.set(placeOf(named.consumer, named.seq, cycle + 1), at);
    }
    this.reading = this.read(fromSeq, consumers).catch((error: unknown) => {
      this.failure = { error };
      this.waiting?.resolve();
    });
  }

  private async read(fromSeq: number, consumers: ReadonlySet<string>): Promise<void> {
    const { link, places } = this.pipeline;
    const { root, stream } = places.journal;
    const filters = outcomeFilters(root, consumers);
    const { signal } = this.closing;
    for await (const { subject, data } of readStream(link, {
      stream,
      filters,
      from: { seq: fromSeq },
      follow: true,
      signal,
    })) {
      if (!parseRecordSubject(root, subject)) continue;
      const decoded = decodeRecord(data);
      if (decoded.ok) this.take(decoded.value);
    }
  }

  private take(record: JournalRecord): void {
    const outcome = outcomeBy(record);
    if (!outcome || record.tier !== 'business') return;
    const at = this.places.get(placeOf(record.consumer, record.origin.seq, record.cycle));
    if (at === undefined) return;
    const { tier, consumer, origin, cycle } = record;
    const id = keyId({ tier, consumer, origin, stage: 'retry', cycle });
    const key = this.open.get(at);
    if (!key) this.early.set(at, { id, outcome });
    else if (keyId(key) === id) this.settle(at, outcome, key);
  }

  /** It was replayed, and ends with this key. `earlier`: it may have ended before the journal was followed. */
  async expect(at: number, key: Key, earlier: boolean): Promise<void> {
    this.places.set(placeOf(key.consumer, key.origin.seq, key.cycle), at);
    this.open.set(at, key);
    const early = this.early.get(at);
    this.early.delete(at);
    if (early?.id === keyId(key)) this.settle(at, early.outcome, key);
    if (!earlier || !this.open.has(at)) return;
    for (const found of await lastRecords(this.pipeline, recordsOfOutcome(key))) {
      const outcome = found && outcomeBy(found.record);
      if (outcome && this.open.has(at)) this.settle(at, outcome, key);
    }
  }

  private settle(at: number, outcome: Outcome, key: Key): void {
    this.open.delete(at);
    this.onOutcome(at, outcome, key);
    if (this.waiting && !this.isOpen(this.waiting)) this.waiting.resolve();
  }

  private isOpen({ from, to }: Pick<Waiting, 'from' | 'to'>): boolean {
    // Those of earlier steps are few: nearly all that are open are in the step that is waited for.
    for (const at of this.open.keys()) if (at >= from && at < to) return true;
    return false;
  }

  /** Until each that was replayed of these has an outcome, or the signal. @throws what ended the reading */
  async settled(from: number, to: number, signal: AbortSignal): Promise<void> {
    if (this.isOpen({ from, to }) && !this.failure && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.waiting = { from, to, resolve };
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      this.waiting = undefined;
    }
    if (this.failure) throw this.failure.error;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.reading;
  }
}
