import type { Key, Origin } from '../../domain/key.js';
import type { JournalRecord, RecordOf } from '../../domain/record.js';
import { endsOfKind, isExhaustion } from '../../domain/record-kinds.js';

/** Where an event of a consumer stands, by what the journal was read so far; each is behind the one before. */
const phases = ['trying', 'exhausted', 'to-retry', 'to-dlq'] as const;
export type Phase = (typeof phases)[number];

export interface Standing {
  readonly stage: 'main' | 'retry';
  readonly cycle: number;
  readonly phase: Phase;
}

/** A standing as a number that grows as the event moves on: cycle, then stage, then phase. */
function pack({ stage, cycle, phase }: Standing): number {
  return cycle * 8 + (stage === 'retry' ? 4 : 0) + phases.indexOf(phase);
}

function unpack(packed: number): Standing {
  const stage = packed & 4 ? 'retry' : 'main';
  return { stage, cycle: Math.floor(packed / 8), phase: phases[packed & 3] ?? 'trying' };
}

/** Stage and cycle of a standing, without its phase. */
function stageOf(packed: number): number {
  return packed - (packed & 3);
}

/** A copy in one piece: a string that was put together keeps its pieces too, and takes twice the memory. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

export interface OpenCase {
  readonly key: Key;
  readonly phase: Phase;
}

/** Is a pointer what a standing waits for? A later cycle of the same event always is. */
function settles(where: 'retry' | 'dlq', pointerCycle: number, { stage, cycle, phase }: Standing): boolean {
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
    const { kind, stage, cycle } = record;
    const id = this.idOf(record);
    if (endsOfKind(kind) === 'case') return this.close(id, cycle);
    if (record.kind === 'MOVED') return this.moved(id, record);
    if (kind === 'REPLAYED') return this.advance(id, { stage: 'main', cycle, phase: 'to-retry' });
    if (stage === 'dlq') return;
    if (record.kind === 'ROUTED') return this.route(id, record, stage);
    this.advance(id, { stage, cycle, phase: isExhaustion(kind) ? 'exhausted' : 'trying' });
  }

  /** A pointer that is there: closes what waits for it. */
  settle(where: 'retry' | 'dlq', consumer: string, origin: Origin, cycle: number): void {
    const id = this.idOf({ consumer, origin });
    const packed = this.open.get(id);
    if (packed !== undefined && settles(where, cycle, unpack(packed))) this.open.delete(id);
  }

  /** What is open still. */
  *cases(): Generator<OpenCase> {
    for (const [id, packed] of this.open) {
      const standing = unpack(packed);
      yield { key: this.keyOf(id, standing), phase: standing.phase };
    }
  }

  /** It ends the case of the consumer that it was taken from, and opens one of the consumer that has it now. */
  private moved(id: string, { stage, cycle, movedTo }: RecordOf<'MOVED'>): void {
    if (movedTo !== undefined) this.close(id, cycle);
    else this.move(id, pack({ stage: 'main', cycle, phase: stage === 'retry' ? 'to-retry' : 'to-dlq' }));
  }

  private close(id: string, cycle: number): void {
    const packed = this.open.get(id);
    if (packed !== undefined && unpack(packed).cycle <= cycle) this.open.delete(id);
  }

  private route(id: string, { cycle, to }: RecordOf<'ROUTED'>, stage: 'main' | 'retry'): void {
    const next: Standing = { stage, cycle, phase: to === 'retry' ? 'to-retry' : 'to-dlq' };
    const packed = pack(next);
    const before = this.open.get(id);
    if (before !== undefined && stageOf(before) === stageOf(packed)) {
      const { phase } = unpack(before);
      if (phase === 'trying') this.holes.push(this.keyOf(id, next));
      else if (phase !== 'exhausted' && before !== packed) this.twice.push(this.keyOf(id, next));
    } else if (before === undefined ? this.complete : before < packed) {
      this.holes.push(this.keyOf(id, next));
    }
    this.move(id, packed);
  }

  private advance(id: string, next: Standing): void {
    const packed = pack(next);
    const before = this.open.get(id);
    if (before !== undefined && unpack(before).phase === 'trying' && stageOf(packed) > stageOf(before)) {
      this.holes.push(this.keyOf(id, unpack(before)));
    }
    this.move(id, packed);
  }

  private move(id: string, packed: number): void {
    const before = this.open.get(id);
    if (before === undefined) this.open.set(flat(id), packed);
    else if (packed > before) this.open.set(id, packed);
  }

  private idOf({ consumer, origin }: Pick<Key, 'consumer' | 'origin'>): string {
    const id = `${consumer}/${origin.seq}/${origin.time}`;
    return origin.stream === this.eventsStream ? id : `${id}/${origin.stream}`;
  }

  private keyOf(id: string, { stage, cycle }: Standing): Key {
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
