import { keptAddress, type Version } from '../../domain/kept.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

/** One consumer and event of which something is kept. */
export interface KeptPlace {
  readonly consumer: string;
  readonly seq: number;
  readonly versions: readonly Version[];
}

/**
 * What is kept, by its subjects alone: no payload is read. A subject does not say which event of a recreated stream it
 * is about; whoever acts on one reads it.
 */
export class KeptIndex {
  private readonly byConsumer = new Map<string, Map<number, Version[]>>();

  /** Empty where the stream was not applied yet. */
  static async read({ link, places }: Pipeline): Promise<KeptIndex> {
    const { stream, root } = places.kept;
    const info = await link.streamInfo(stream, `${root}.>`);
    const index = new KeptIndex();
    for (const subject of Object.keys(info?.state.subjects ?? {})) {
      const address = keptAddress(root, subject);
      if (address) index.add(address.consumer, address.seq, address.version);
    }
    return index;
  }

  private add(consumer: string, seq: number, version: Version): void {
    let seqs = this.byConsumer.get(consumer);
    if (!seqs) this.byConsumer.set(consumer, (seqs = new Map()));
    const versions = seqs.get(seq);
    if (versions) versions.push(version);
    else seqs.set(seq, [version]);
  }

  hasOriginal(consumer: string, seq: number): boolean {
    return this.of(consumer, seq).includes('original');
  }

  /** The cycle of the last edited version. */
  lastEdited(consumer: string, seq: number): number | undefined {
    const cycles = this.of(consumer, seq).filter((one) => one !== 'original');
    return cycles.length === 0 ? undefined : Math.max(...cycles);
  }

  private of(consumer: string, seq: number): readonly Version[] {
    return this.byConsumer.get(consumer)?.get(seq) ?? [];
  }

  *places(): Generator<KeptPlace> {
    for (const [consumer, seqs] of this.byConsumer) {
      for (const [seq, versions] of seqs) yield { consumer, seq, versions };
    }
  }
}
