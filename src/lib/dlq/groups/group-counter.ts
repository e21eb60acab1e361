import type { GroupDocument, GroupMoment } from '../../domain/group-document.js';
import { manyMore } from '../../domain/group-status.js';
import type { Origin } from '../../domain/key.js';
import { TimeSteps } from '../../domain/time-steps.js';
import { GroupKinds } from '../../groups/group-kinds.js';
import { codeOf } from '../../pointers/alike.js';
import type { DlqEntry } from '../../pointers/entry.js';
import { OldestOriginals } from './oldest-originals.js';
import { Tally } from './tally.js';

/** What was counted of one shape, or of all shapes of a group. */
export class Counted {
  readonly tally = new Tally();
  readonly originals = new OldestOriginals();
  steps: TimeSteps | undefined;
  /** Of all dead letters of it, whether or not they are selected: the oldest one's sequence in the DLQ. */
  oldestDlqSeq = Number.POSITIVE_INFINITY;
  shapes = 0;
  /** How many died since each moment that is asked about, by its sequence in the DLQ. */
  readonly since = new Map<number, number>();
  /** The reason of the first that was read: what is shown where a handler chose what is alike. */
  firstReason = '';
  code: string | null = null;

  constructor(
    readonly consumer: string,
    readonly fingerprint: string,
  ) {}

  take(other: Counted): void {
    this.tally.take(other.tally);
    this.originals.take(other.originals);
    if (this.steps && other.steps) this.steps.addAll(other.steps);
    else this.steps ??= other.steps;
    this.oldestDlqSeq = Math.min(this.oldestDlqSeq, other.oldestDlqSeq);
    this.shapes += other.shapes;
    for (const [dlqSeq, count] of other.since) this.since.set(dlqSeq, (this.since.get(dlqSeq) ?? 0) + count);
    this.firstReason ||= other.firstReason;
    this.code ??= other.code;
  }
}

type LeadOf = (consumer: string, fingerprint: string) => string;

/** Counts dead letters by consumer and shape, and then by group. Memory grows with the shapes, not with the dead letters. */
export class GroupCounter {
  readonly kinds: GroupKinds;
  /** By consumer, by fingerprint. */
  private readonly counted = new Map<string, Map<string, Counted>>();
  /** Moments since when dead letters are counted, by consumer. */
  private readonly moments = new Map<string, GroupMoment[]>();

  constructor(
    documents: readonly GroupDocument[],
    private readonly nowMs: number,
  ) {
    this.kinds = new GroupKinds(documents);
    for (const { consumer, mute } of documents) {
      if (mute && manyMore.test(mute.until))
        this.moments.set(consumer, [...(this.moments.get(consumer) ?? []), mute]);
    }
  }

  /** What makes a group, and where it stands, follows from all of them. */
  see(entry: DlqEntry): void {
    const one = this.of(entry.letter.consumer, entry.letter.fingerprint);
    if (one.oldestDlqSeq === Number.POSITIVE_INFINITY) {
      one.oldestDlqSeq = entry.dlqSeq;
      one.firstReason = entry.letter.reason;
      one.code = codeOf(entry);
      this.kinds.add(entry);
    }
    for (const { dlqSeq } of this.moments.get(one.consumer) ?? []) {
      if (entry.dlqSeq > dlqSeq) one.since.set(dlqSeq, (one.since.get(dlqSeq) ?? 0) + 1);
    }
  }

  /** One of those that are counted. */
  count({ letter, pointer }: DlqEntry, isThere: (origin: Origin) => boolean): void {
    const one = this.of(letter.consumer, letter.fingerprint);
    const deadMs = Date.parse(letter.deadAt);
    one.steps ??= new TimeSteps(deadMs, this.nowMs);
    one.steps.add(deadMs);
    one.shapes = 1;
    one.tally.add(letter);
    if (pointer) one.originals.add(pointer, isThere);
  }

  /** One of which nothing has to be there. */
  mention(consumer: string, fingerprint: string): void {
    this.of(consumer, fingerprint);
  }

  /** The groups of which some were counted; what was seen of all their shapes is in them. */
  groups(leadOf: LeadOf): Counted[] {
    return this.allGroups(leadOf).filter(({ tally }) => tally.count > 0);
  }

  /** Those of which none were counted too. */
  allGroups(leadOf: LeadOf): Counted[] {
    const found = new Map<string, Counted>();
    for (const [consumer, shapes] of this.counted) {
      for (const [fingerprint, one] of shapes) {
        const lead = leadOf(consumer, fingerprint);
        const key = `${consumer}\n${lead}`;
        let group = found.get(key);
        if (!group) found.set(key, (group = new Counted(consumer, lead)));
        group.take(one);
      }
    }
    return [...found.values()];
  }

  private of(consumer: string, fingerprint: string): Counted {
    let shapes = this.counted.get(consumer);
    if (!shapes) this.counted.set(consumer, (shapes = new Map<string, Counted>()));
    let one = shapes.get(fingerprint);
    if (!one) shapes.set(fingerprint, (one = new Counted(consumer, fingerprint)));
    return one;
  }
}
