import type { Key, Origin } from '../../domain/key.js';
import type { JournalRecord } from '../../domain/record.js';
import { type Phase, phases, rankOf, sayingOf, type Step, stepAt } from '../../domain/standing-step.js';

/** Stage and cycle of a rank, without its phase. */
function stageOf(rank: number): number {
  return rank - (rank % phases.length);
}

/** A copy in one piece: a string that was put together keeps its pieces too, and takes twice the memory. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** An event of a consumer, and how far it is by what the journal was read so far. */
export interface OpenCase {
  readonly key: Key;
  readonly phase: Phase;
}

/** Is a pointer what a step leads to? A later cycle of the same event always is. */
function settles(where: 'retry' | 'dlq', pointerCycle: number, { stage, cycle, phase }: Step): boolean {
  if (cycle !== pointerCycle) return cycle < pointerCycle;
  if (where === 'dlq') return true;
  return stage === 'retry' ? phase === 'trying' : phase === 'exhausted' || phase === 'to-retry';
}

/**
 * The events that the journal leaves open: failing, exhausted, waiting or dead. Fed with the journal in its order.
 *
 * What is resolved or discarded is forgotten, so that memory is bounded by what is open, about 100 bytes for each
 * (consumer, event). Forgetting errs on the side of suspicion: a record that comes late may open a case that has
 * ended. Whoever reports one asks the journal for its very records first.
 */
export class OpenCases {
  private readonly open = new Map<string, number>();
  /** Stages that ended without a record of it, as far as was seen. */
  readonly holes: Key[] = [];
  /** Exhaustions that went both ways. */
  readonly twice: Key[] = [];

  /** `complete`: the journal has its first records still, so that what is not in it was never written. */
  constructor(
    private readonly eventsStream: string,
    private readonly complete: boolean,
  ) {}

  get size(): number {
    return this.open.size;
  }

  /** Takes the next record of the business tier. */
  take(record: JournalRecord): void {
    const saying = sayingOf(record);
    if (!saying) return;
    const id = this.idOf(record);
    // It is kept somewhere, or has been put back: either is looked for.
    if (record.kind === 'ARCHIVED' || record.kind === 'RESTORED') {
      return this.move(id, rankOf({ stage: 'retry', cycle: record.cycle, phase: 'archived' }));
    }
    if (!('step' in saying)) this.close(id, saying.cycle);
    else if (record.kind === 'ROUTED') this.route(id, saying.step);
    // What came from another name has no past under this one.
    else if (record.kind === 'MOVED') this.move(id, rankOf(saying.step));
    else this.advance(id, saying.step);
  }

  /** A pointer that is there: closes what waits for it. */
  settle(where: 'retry' | 'dlq', consumer: string, origin: Origin, cycle: number): void {
    const id = this.idOf({ consumer, origin });
    const rank = this.open.get(id);
    if (rank !== undefined && settles(where, cycle, stepAt(rank))) this.open.delete(id);
  }

  /** What is open still. */
  *cases(): Generator<OpenCase> {
    for (const [id, rank] of this.open) {
      const step = stepAt(rank);
      yield { key: this.keyOf(id, step), phase: step.phase };
    }
  }

  private close(id: string, cycle: number): void {
    const rank = this.open.get(id);
    if (rank !== undefined && stepAt(rank).cycle <= cycle) this.open.delete(id);
  }

  private route(id: string, next: Step): void {
    const rank = rankOf(next);
    const before = this.open.get(id);
    if (before !== undefined && stageOf(before) === stageOf(rank)) {
      const { phase } = stepAt(before);
      if (phase === 'trying') this.holes.push(this.keyOf(id, next));
      // What was archived has been in the DLQ: a repair of its dead letter is routed there once more.
      else if (phase !== 'exhausted' && phase !== 'archived' && before !== rank)
        this.twice.push(this.keyOf(id, next));
    } else if (before === undefined ? this.complete : before < rank) {
      this.holes.push(this.keyOf(id, next));
    }
    this.move(id, rank);
  }

  private advance(id: string, next: Step): void {
    const rank = rankOf(next);
    const before = this.open.get(id);
    if (before !== undefined && stepAt(before).phase === 'trying' && stageOf(rank) > stageOf(before)) {
      this.holes.push(this.keyOf(id, stepAt(before)));
    }
    this.move(id, rank);
  }

  private move(id: string, rank: number): void {
    const before = this.open.get(id);
    if (before === undefined) this.open.set(flat(id), rank);
    else if (rank > before) this.open.set(id, rank);
  }

  private idOf({ consumer, origin }: Pick<Key, 'consumer' | 'origin'>): string {
    const id = `${consumer}/${origin.seq}/${origin.time}`;
    return origin.stream === this.eventsStream ? id : `${id}/${origin.stream}`;
  }

  private keyOf(id: string, { stage, cycle }: Step): Key {
    const [consumer = '', seq, time = '', stream = this.eventsStream] = id.split('/');
    return {
      tier: 'business',
      consumer,
      origin: { stream, seq: Number(seq), subject: '', time },
      stage,
      cycle,
    };
  }
}
