import { setTimeout as sleep } from 'node:timers/promises';
import { emptyGroup, decodeGroup, type GroupDocument } from '../domain/group-document.js';
import { groupIdOf } from '../domain/group-id.js';
import { togetherOf } from '../domain/group-status.js';
import { isoOfMs } from '../domain/time.js';
import { OperationError } from '../errors.js';
import { UnreachableError } from '../nats/errors.js';
import { createDocument, readDocument, updateDocument } from '../operations/documents.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { codeOf, kindOf } from '../pointers/alike.js';
import type { DlqEntry } from '../pointers/entry.js';
import { groupSubject, mostGroups, readGroupDocuments } from './group-documents.js';
import { type FoundGroups, GroupKinds } from './group-kinds.js';
import { hasOlder } from './has-older.js';

/** What is new about the group of a dead letter: it is told once, by one of several processes. */
export type GroupNews = 'new' | 'back';

/** As long as its last one is known to stand, a group is not empty. */
const trustMs = 1000;
/** Other processes tell of groups too. */
const renewMs = 5000;
/** A server that does not answer is asked so often. */
const [mostTries, betweenTriesMs] = [4, 1000];
/** Without the stream, or without permission. */
const pauseMs = 60_000;
/** Of more groups, some are looked up again. */
const mostRemembered = 10_000;

interface Alive {
  /** In the DLQ: one of its dead letters. */
  dlqSeq: number;
  seenMs: number;
}

/**
 * Tells, of each dead letter that this process is given, whether its group is new, or back after all of its dead letters
 * had left; and keeps that in the document of the group. Cheap for a group that is known: at most one question a second.
 */
export class GroupTeller {
  /** By the id of the shape. */
  private readonly alive = new Map<string, Alive>();
  private documents = new Map<string, GroupDocument>();
  private kinds = new GroupKinds();
  private readMs = Number.NEGATIVE_INFINITY;
  private pausedUntilMs = Number.NEGATIVE_INFINITY;
  private troubled = false;
  /** What has to be looked up is looked up one by one. */
  private lookups: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly pipeline: Pipeline,
    /** Told once, until it works again: why nothing is told. */
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  /** Undefined: it is known, or nothing can be said. Never rejects: alerts go on without it. */
  async tell(entry: DlqEntry): Promise<GroupNews | undefined> {
    const nowMs = this.nowMs;
    if (nowMs < this.pausedUntilMs) return undefined;
    const alive = this.alive.get(idOf(entry));
    if (alive && nowMs - alive.seenMs < trustMs) {
      alive.dlqSeq = Math.max(alive.dlqSeq, entry.dlqSeq);
      return undefined;
    }
    const lookup = this.lookups.then(() => this.lookUpPatiently(entry));
    this.lookups = lookup.catch(() => {});
    try {
      const news = await lookup;
      this.troubled = false;
      return news;
    } catch (error) {
      this.pausedUntilMs = this.nowMs + pauseMs;
      if (!this.troubled) this.onTrouble(error);
      this.troubled = true;
      return undefined;
    }
  }

  private get nowMs(): number {
    return this.pipeline.clock.monotonic();
  }

  /** A stream without a leader has one again soon: the only dead letter of a new group is not passed over for that. */
  private async lookUpPatiently(entry: DlqEntry): Promise<GroupNews | undefined> {
    for (let left = mostTries - 1; ; left--) {
      try {
        return await this.lookUp(entry);
      } catch (error) {
        if (left === 0 || !(error instanceof UnreachableError)) throw error;
        await sleep(betweenTriesMs);
      }
    }
  }

  private async lookUp(entry: DlqEntry): Promise<GroupNews | undefined> {
    // Others that waited before it may have failed, or found it.
    if (this.nowMs < this.pausedUntilMs) return undefined;
    const id = idOf(entry);
    const alive = this.alive.get(id);
    if (alive && (this.nowMs - alive.seenMs < trustMs || (await this.stands(alive.dlqSeq)))) {
      this.remember(id, Math.max(alive.dlqSeq, entry.dlqSeq));
      return undefined;
    }
    const { found, document } = await this.find(entry);
    const news = document
      ? await this.whetherBack(entry, found, document)
      : await this.whetherNew(entry, found);
    this.remember(id, entry.dlqSeq);
    return news;
  }

  private async find(
    entry: DlqEntry,
  ): Promise<{ readonly found: FoundGroups; readonly document: GroupDocument | undefined }> {
    if (this.nowMs - this.readMs >= renewMs) await this.renew();
    this.kinds.add(entry);
    const found = this.kinds.find();
    const ids = found.idsOf(entry.letter.consumer, entry.letter.fingerprint);
    return { found, document: togetherOf(ids.flatMap((id) => this.documents.get(id) ?? [])) };
  }

  private async renew(): Promise<void> {
    const { link, places } = this.pipeline;
    if (!(await link.streamInfo(places.operations.stream)))
      throw new OperationError(`there is no stream ${places.operations.stream}`, { code: 'NO_STREAM' });
    const documents = await readGroupDocuments(this.pipeline);
    this.documents = new Map(documents.map((document) => [document.id, document]));
    this.kinds = new GroupKinds(documents);
    this.readMs = this.nowMs;
  }

  private async whetherNew(entry: DlqEntry, found: FoundGroups): Promise<GroupNews | undefined> {
    if (this.documents.size >= mostGroups) return undefined;
    const id = idOf(entry);
    const told = { at: this.at, dlqSeq: entry.dlqSeq };
    const { consumer } = entry.letter;
    const made = { ...emptyGroup({ id, consumer, kind: kindOf(entry), code: codeOf(entry) }), told };
    const subject = groupSubject(this.pipeline, id);
    const isFirst = await createDocument(this.pipeline, subject, made);
    const document = isFirst ? made : (await readDocument(this.pipeline, subject, decodeGroup))?.value;
    if (document) this.documents.set(id, document);
    if (isFirst) return 'new';
    return document && this.whetherBack(entry, found, document);
  }

  private async whetherBack(
    entry: DlqEntry,
    found: FoundGroups,
    document: GroupDocument,
  ): Promise<GroupNews | undefined> {
    const { dlqSeq } = entry;
    // This very one was told of, and its process ended before it was acknowledged, or its alert failed.
    if (document.back?.dlqSeq === dlqSeq) return 'back';
    if (document.told?.dlqSeq === dlqSeq) return 'new';
    // Somebody decided about it before anybody told of it: it is known.
    for (const moment of [document.back, document.told]) {
      if (moment && moment.dlqSeq < dlqSeq && (await this.stands(moment.dlqSeq))) return undefined;
    }
    const newer = Math.max(document.back?.dlqSeq ?? 0, document.told?.dlqSeq ?? 0);
    if (newer > dlqSeq || (await hasOlder(this.pipeline, entry, found))) return undefined;
    const back = { at: this.at, dlqSeq };
    const subject = groupSubject(this.pipeline, document.id);
    const stored = await updateDocument(this.pipeline, subject, decodeGroup, (current) =>
      current && (current.back?.dlqSeq ?? 0) < dlqSeq ? { ...current, back } : undefined,
    );
    if (stored) this.documents.set(document.id, stored.value);
    return stored?.value.back?.dlqSeq === dlqSeq ? 'back' : undefined;
  }

  private get at(): string {
    return isoOfMs(this.pipeline.clock.now());
  }

  private async stands(dlqSeq: number): Promise<boolean> {
    const { link, places } = this.pipeline;
    return (await link.readFromLeader(places.dlq.stream, dlqSeq)) !== undefined;
  }

  private remember(id: string, dlqSeq: number): void {
    if (this.alive.size >= mostRemembered) this.alive.clear();
    this.alive.set(id, { dlqSeq, seenMs: this.nowMs });
  }
}

function idOf({ letter }: DlqEntry): string {
  return groupIdOf(letter.consumer, letter.fingerprint);
}
