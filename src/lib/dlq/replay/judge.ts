import { stopsOnNewGroup, tooManyFailed } from '../../domain/canary.js';
import { groupIdOf } from '../../domain/group-id.js';
import type { Kind } from '../../domain/fingerprint-similar.js';
import type { Key } from '../../domain/key.js';
import { Kinds } from '../../pointers/alike.js';
import { readEntry } from '../../pointers/entry.js';
import { lastPointer } from '../../pointers/write-pointer.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { StepOutcomes } from '../../domain/canary.js';
import { messageOf } from '../../errors.js';
import { persistently } from '../plan/persistently.js';
import type { Outcome } from './outcomes.js';

/** Looks at each outcome, and says when a task must stop. */
export class Judge {
  private readonly kinds = new Kinds();
  private readonly known: Set<string>;
  private readonly looking = new Set<Promise<void>>();

  constructor(
    private readonly pipeline: Pipeline,
    private readonly stopOn: readonly string[],
    kinds: readonly Kind[],
    private readonly stop: (reason: string) => void,
  ) {
    for (const kind of kinds) this.kinds.remember(kind);
    this.known = new Set(kinds.map(({ fingerprint }) => fingerprint));
  }

  /** `step`: what became of those of this step by now, this one included. */
  take(outcome: Outcome, key: Key, step: StepOutcomes): void {
    const reason = tooManyFailed(this.stopOn, step);
    if (reason !== undefined) this.stop(reason);
    if (outcome !== 'deadAgain' || !stopsOnNewGroup(this.stopOn)) return;
    const look = persistently(() => this.look(key))
      // What can't be looked at may be new.
      .catch((error: unknown) => this.stop(`new-group: ${messageOf(error)}`))
      .finally(() => this.looking.delete(look));
    this.looking.add(look);
  }

  /** Until what was taken has been looked at. */
  async looked(): Promise<void> {
    await Promise.all(this.looking);
  }

  private async look({ consumer, origin }: Key): Promise<void> {
    const { link, places, config } = this.pipeline;
    const message = await lastPointer(link, places.dlq, consumer, origin.seq);
    if (!message) return;
    const entry = readEntry(config, message);
    const { id, fingerprint, reason } = entry.letter;
    if (this.known.has(fingerprint)) return;
    this.known.add(fingerprint);
    this.kinds.add(entry);
    if (this.kinds.leads().get(fingerprint) !== fingerprint) return;
    this.stop(`new-group: ${id} died of group:${groupIdOf(consumer, fingerprint)}, ${reason}`);
  }
}
