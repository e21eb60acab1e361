import type { GroupDocument, GroupMoment } from './group-document.js';

/** `new`: nobody has acknowledged it; `back`: it died again after all of its dead letters had left. */
export type GroupStatus = 'new' | 'open' | 'muted' | 'back';

/** What the DLQ and the clock say about a group. */
export interface GroupFacts {
  readonly nowMs: number;
  /** Of the oldest dead letter that it has, the sequence in the DLQ. */
  readonly oldestDlqSeq: number;
  /** How many of its dead letters have died since a moment. */
  readonly diedSince: (moment: GroupMoment) => number;
  /** When the config was applied last, ISO; undefined: unknown. */
  readonly appliedAt: string | undefined;
}

/** `100x` */
export const manyMore = /^([1-9]\d{0,8})x$/;

/** Where a group stands, by what is known about it. */
export function statusOf(document: GroupDocument | undefined, facts: GroupFacts): GroupStatus {
  if (!document) return 'new';
  if (mutedUntil(document, facts) !== null) return 'muted';
  if (isBack(document, facts)) return 'back';
  return document.acked ? 'open' : 'new';
}

/** Until when it is quiet, as it was asked for; null: it is not. */
export function mutedUntil({ mute }: GroupDocument, facts: GroupFacts): string | null {
  if (!mute) return null;
  const { until, at } = mute;
  const count = manyMore.exec(until)?.[1];
  if (count !== undefined) return facts.diedSince(mute) < Number(count) ? until : null;
  if (until === 'deploy') {
    const { appliedAt } = facts;
    return appliedAt !== undefined && Date.parse(appliedAt) > Date.parse(at) ? null : until;
  }
  return Date.parse(until) > facts.nowMs ? until : null;
}

function isBack({ told, back, acked }: GroupDocument, { oldestDlqSeq }: GroupFacts): boolean {
  if (back) return !acked || acked.dlqSeq < back.dlqSeq;
  // No pipeline tells when it comes back: all that had been seen have left, and others have died.
  return !told && acked !== null && oldestDlqSeq > acked.dlqSeq;
}

/** Several groups that turned out to be one: what people decided last, and what was told about any of them. */
export function togetherOf(documents: readonly GroupDocument[]): GroupDocument | undefined {
  const [first, ...others] = documents;
  if (!first) return undefined;
  const last = others.reduce((best, one) => (changedAt(one) > changedAt(best) ? one : best), first);
  const newest = documents
    .flatMap(({ back }) => back ?? [])
    .reduce<GroupMoment | null>((best, one) => (best && best.dlqSeq > one.dlqSeq ? best : one), null);
  return { ...last, told: documents.find(({ told }) => told)?.told ?? null, back: newest };
}

function changedAt({ history }: GroupDocument): number {
  const last = history.at(-1);
  return last ? Date.parse(last.at) : 0;
}
