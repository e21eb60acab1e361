import { concurrently } from '../../flow/concurrently.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import type { HeardAdvisory, Transcriber } from '../../routing/transcribe.js';

/** An advisory of the server about an external consumer that no exhaustion was made of yet. */
export interface UntoldAdvisory extends HeardAdvisory {
  readonly journalSeq: number;
}

export interface AdvisoryCheck {
  readonly untold: readonly UntoldAdvisory[];
  /** Of external consumers, and they can't be true. */
  readonly refused: number;
}

/** Suspects that are kept before they are judged: memory is bounded by what no exhaustion was made of. */
const maxSuspects = 4096;
const judgedAtOnce = 32;

/**
 * What the server reported of external consumers and no record of ours has followed. Fed with the journal in its order:
 * an exhaustion mostly follows its advisory, and closes it; the others are looked up.
 */
export class UntoldAdvisories {
  private readonly suspects = new Map<string, UntoldAdvisory>();
  private readonly untold = new Map<string, UntoldAdvisory>();
  private refused = 0;

  constructor(private readonly transcriber: Transcriber) {}

  async take(
    consumer: string,
    seq: number,
    { subject, data, time, seq: journalSeq }: StoredMessage,
  ): Promise<void> {
    const id = `${consumer}/${seq}`;
    if (this.suspects.has(id) || this.untold.has(id)) return;
    this.suspects.set(id, { subject, data, storedAt: time, journalSeq });
    if (this.suspects.size >= maxSuspects) await this.judgeAll();
  }

  /** The journal has an exhaustion of the main stage. */
  told(consumer: string, seq: number): void {
    this.suspects.delete(`${consumer}/${seq}`);
  }

  /** What is left, by what the server holds now. */
  async check(): Promise<AdvisoryCheck> {
    await this.judgeAll();
    return { untold: [...this.untold.values()], refused: this.refused };
  }

  private async judgeAll(): Promise<void> {
    const entries = [...this.suspects];
    this.suspects.clear();
    await concurrently(entries, judgedAtOnce, async ([id, suspect]) => {
      const judgement = await this.transcriber.judge(suspect);
      if (judgement.is === 'exhaustion' || judgement.is === 'lost') {
        this.untold.set(id, suspect);
      } else if (judgement.is === 'refused') this.refused++;
    });
  }
}
