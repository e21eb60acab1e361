import { type Failure, reasonOf } from '../domain/failure.js';
import type { JournalRecord } from '../domain/record.js';
import { isExhaustion } from '../domain/record-kinds.js';
import { readFailure } from '../domain/record-decode.js';
import { isMoveAway } from '../domain/standing-step.js';
import { codeOfFailure, kindOfFailure } from '../pointers/alike.js';
import type { Kind } from '../domain/fingerprint-similar.js';
import { type OutcomeName, outcomeNames } from './outcome.js';

/** The cause of some deaths, as the first of them tells it. */
export interface Shape {
  readonly consumer: string;
  readonly kind: Kind;
  readonly code: string | null;
  readonly reason: string;
}

/** A dead letter, as far as the journal was read. */
export interface LetterLook {
  readonly consumer: string;
  readonly seq: number;
  /** Undefined: it died before what was read. */
  readonly shape: Shape | undefined;
  readonly deaths: number;
  /** Of its first and last death that were read, ms since 1970; 0: none was. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly outcome: OutcomeName;
  /** When it came to that, ms since 1970. */
  readonly outcomeMs: number;
}

const none = -1;

/**
 * What the journal says of each dead letter: about a hundred bytes for each, in columns of numbers, so that there may be
 * millions. Records are taken in the order of the journal.
 */
export class LetterTable {
  private readonly places = new Map<string, Map<number, number>>();
  private readonly consumers: string[] = [];
  private readonly seqs: number[] = [];
  private readonly shapeAt: number[] = [];
  private readonly cycles: number[] = [];
  private readonly deaths: number[] = [];
  private readonly firstMs: number[] = [];
  private readonly lastMs: number[] = [];
  private readonly outcomes: number[] = [];
  private readonly outcomeMs: number[] = [];
  private readonly chosen: boolean[] = [];
  private readonly shapes: Shape[] = [];
  private readonly shapeOf = new Map<string, number>();

  /** It came to the DLQ. */
  died(record: JournalRecord): void {
    const failure =
      isExhaustion(record.kind) && 'failure' in record ? readFailure(record.failure) : undefined;
    const at = this.placeOf(record);
    // Told twice, or in another order.
    if (this.deaths[at] !== 0 && (this.cycles[at] ?? 0) >= record.cycle) return;
    const atMs = Date.parse(record.at);
    if (this.deaths[at] === 0) this.firstMs[at] = atMs;
    this.deaths[at] = (this.deaths[at] ?? 0) + 1;
    this.lastMs[at] = atMs;
    this.cycles[at] = record.cycle;
    this.shapeAt[at] = failure ? this.shapeFor(record.consumer, failure) : none;
    this.came(at, record.cycle > 0 ? 'deadAgain' : 'stillDead', atMs);
  }

  /** A handler has succeeded. In the first cycle, what has not died is of no interest. */
  resolved(record: JournalRecord): void {
    if (record.tier !== 'business') return;
    const known = this.places.get(record.consumer)?.get(record.origin.seq);
    if (known === undefined && record.cycle === 0) return;
    const at = known ?? this.placeOf(record);
    if (record.cycle < (this.cycles[at] ?? 0)) return;
    this.cycles[at] = record.cycle;
    this.came(at, 'resolved', Date.parse(record.at));
  }

  /** Somebody did something to it, of which is to be told: `isChosen`. */
  handled(record: JournalRecord, isChosen: boolean): void {
    const outcome = this.outcomeOf(record);
    if (outcome === undefined) return;
    const at = this.placeOf(record);
    if (isChosen) this.chosen[at] = true;
    // A replay begins the next cycle, and the records of it may have come first.
    if (outcome === 'pending' && (this.cycles[at] ?? 0) >= record.cycle && record.cycle > 0) return;
    this.came(at, outcome, Date.parse(record.at));
  }

  /** What is known of each; only of those that were chosen, where that is asked for. */
  *letters(onlyChosen: boolean): Generator<LetterLook> {
    for (const [at, seq] of this.seqs.entries()) {
      if (onlyChosen && !this.chosen[at]) continue;
      yield {
        consumer: this.consumers[at] ?? '',
        seq,
        shape: this.shapes[this.shapeAt[at] ?? none],
        deaths: this.deaths[at] ?? 0,
        firstMs: this.firstMs[at] ?? 0,
        lastMs: this.lastMs[at] ?? 0,
        outcome: outcomeNames[this.outcomes[at] ?? 0] ?? 'stillDead',
        outcomeMs: this.outcomeMs[at] ?? 0,
      };
    }
  }

  private outcomeOf(record: JournalRecord): OutcomeName | undefined {
    // By its text: what is not known here says nothing of an outcome.
    switch (record.kind as string) {
      case 'REPLAYED':
        return 'pending';
      case 'DISCARDED':
        return 'discarded';
      case 'ARCHIVED':
        return 'archived';
      case 'RESTORED':
        return record.cycle > 0 ? 'deadAgain' : 'stillDead';
      default:
        return isMoveAway(record) ? 'moved' : undefined;
    }
  }

  private came(at: number, outcome: OutcomeName, ms: number): void {
    this.outcomes[at] = outcomeNames.indexOf(outcome);
    this.outcomeMs[at] = ms;
  }

  private placeOf({ consumer, origin }: JournalRecord): number {
    let places = this.places.get(consumer);
    if (!places) this.places.set(consumer, (places = new Map<number, number>()));
    let at = places.get(origin.seq);
    if (at === undefined) {
      at = this.seqs.push(origin.seq) - 1;
      places.set(origin.seq, at);
      this.consumers.push(consumer);
      this.shapeAt.push(none);
      for (const column of [this.cycles, this.deaths, this.firstMs, this.lastMs, this.outcomeMs])
        column.push(0);
      this.outcomes.push(outcomeNames.indexOf('stillDead'));
      this.chosen.push(false);
    }
    return at;
  }

  private shapeFor(consumer: string, failure: Failure): number {
    const key = `${consumer}\n${failure.fingerprint}`;
    let at = this.shapeOf.get(key);
    if (at === undefined) {
      const kind = kindOfFailure(failure.fingerprint, failure);
      const shape = { consumer, kind, code: codeOfFailure(failure), reason: reasonOf(failure) };
      at = this.shapes.push(shape) - 1;
      this.shapeOf.set(key, at);
    }
    return at;
  }
}
