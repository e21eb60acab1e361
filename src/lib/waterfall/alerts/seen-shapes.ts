import { groupIdOf } from '../../domain/group-id.js';
import { mutedUntil, togetherOf } from '../../domain/group-status.js';
import { lastAppliedAt, mostGroups, readGroupDocuments } from '../../groups/group-documents.js';
import { GroupKinds } from '../../groups/group-kinds.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { DlqEntry } from '../../pointers/entry.js';

/** The group of a dead letter, as it stands. */
export interface SeenGroup {
  /** As `dlq groups` has it. */
  readonly id: string;
  /** Nobody is to be told of it, though it was empty before the dead letter with this sequence in the DLQ. */
  readonly isMuted: (dlqSeq: number) => boolean;
}

/** The shapes of dead letters that this process has seen: with them it knows more groups to be one than the documents say. */
export class SeenShapes {
  private readonly entries = new Map<string, DlqEntry>();

  constructor(private readonly pipeline: Pipeline) {}

  add(entry: DlqEntry): void {
    const { consumer, fingerprint } = entry.letter;
    const key = `${consumer}\n${fingerprint}`;
    if (this.entries.size < mostGroups && !this.entries.has(key)) this.entries.set(key, entry);
  }

  async groupOf(consumer: string, fingerprint: string): Promise<SeenGroup> {
    const documents = await readGroupDocuments(this.pipeline);
    const ids = new GroupKinds(documents).find().idsOf(consumer, fingerprint);
    const document = togetherOf(ids.flatMap((id) => documents.find((one) => one.id === id) ?? []));
    const appliedAt = document?.mute?.until === 'deploy' ? await lastAppliedAt(this.pipeline) : undefined;
    const nowMs = this.pipeline.clock.now();
    return {
      id: ids[0] ?? groupIdOf(consumer, fingerprint),
      // It was empty: the one that is the news is all that has died since.
      isMuted: (dlqSeq) =>
        document !== undefined &&
        mutedUntil(document, { nowMs, oldestDlqSeq: dlqSeq, diedSince: () => 1, appliedAt }) !== null,
    };
  }

  /** It turned out to be a part of a group that was told before. */
  async isPartOfAnother(id: string): Promise<boolean> {
    const documents = (await readGroupDocuments(this.pipeline)).filter(({ told }) => told);
    const document = documents.find((one) => one.id === id);
    if (!document) return false;
    const kinds = new GroupKinds(documents);
    for (const entry of this.entries.values()) kinds.add(entry);
    const { consumer, kind } = document;
    const lead = groupIdOf(consumer, kinds.find().leadOf(consumer, kind.fingerprint));
    return lead !== id && documents.some((one) => one.id === lead);
  }
}
