import { metaConsumers } from '../../domain/consumer-names.js';
import type { JournalRecord } from '../../domain/record.js';
import { endsOfKind } from '../../domain/record-kinds.js';

/** An exhaustion that the meta-consumer could not route, on its way to the DLQ. */
export interface OpenMetaCase {
  /** Sequence in the journal of the record that could not be routed: the dead letter's number. */
  readonly seq: number;
  /** The consumer that has to deal with it; undefined: it went to the DLQ. */
  readonly awaits?: string;
  /** Where that consumer finds it in the journal. */
  readonly journalSeq: number;
}

/** What the meta tiers have given up and not brought to an end. Fed with the journal in its order. */
export class OpenMetaCases {
  private readonly open = new Map<number, OpenMetaCase>();

  constructor(private readonly journalStream: string) {}

  /** Takes the next record of the meta tier. */
  take(record: JournalRecord, journalSeq: number): void {
    const { kind, consumer, origin } = record;
    // What no record of the journal is the origin of is numbered by its exhaustion.
    const seq = origin.stream === this.journalStream ? origin.seq : journalSeq;
    const ends = endsOfKind(kind);
    if (ends === 'stage') {
      const awaits = consumer === metaConsumers.main ? metaConsumers.retry : metaConsumers.dlq;
      this.open.set(seq, { seq, awaits, journalSeq });
    } else if (kind === 'ROUTED') {
      this.open.set(seq, { seq, journalSeq });
    } else if (ends === 'case' || ends === 'dead-letter') {
      this.open.delete(seq);
    }
  }

  /** A dead letter of the meta-consumer that is there. */
  settle(seq: number): void {
    this.open.delete(seq);
  }

  cases(): OpenMetaCase[] {
    return [...this.open.values()];
  }
}
