import type { Pipeline } from '../pipeline/pipeline.js';
import type { DeadLetter } from '../domain/dead-letter.js';
import { fetchEvent } from '../pointers/kept/event-of.js';
import type { Original } from '../pointers/original.js';
import type { DlqEntry } from '../pointers/entry.js';
import { type LetterStatus, statusOf } from '../domain/selection/match.js';
import type { ArchivedLetter } from '../domain/archived-letter.js';
import { type GroupLabel, GroupLabels } from './groups/labels.js';
import { areEdited } from './facts/edited.js';
import { Superseded } from './facts/superseded.js';
import { areResolvedLate, type Expiry } from './state.js';

/** Who archived a dead letter, when and why. */
export interface Archiving {
  /** When, ISO. */
  readonly at: string;
  /** Who, as `user@host`. */
  readonly operator: string;
  /** Why; null: no reason is kept. */
  readonly reason: string | null;
  /** What it was part of. */
  readonly task: string;
}

/** A dead letter and what has become of its event. */
export interface DeadLetterItem extends DeadLetter, GroupLabel {
  /** `dead`: in the DLQ. `archived`: kept out of it. */
  readonly status: LetterStatus;
  /** Of an archived one. */
  readonly archived?: Archiving;
  /** `missing`: it aged out or was deleted. `replaced`: its stream was recreated, another event stands there. */
  readonly original: Original['state'];
  /** ISO; null when events never expire, or the original is gone or kept. */
  readonly originalExpiresAt: string | null;
  /** Its stream does not have the original any more: it was kept before it aged out. */
  readonly kept: boolean;
  /** A person edited its event: a replay handles that version. */
  readonly edited: boolean;
  /** The sequence of a newer event of its subject, which its consumer has processed; null: none, or not one of `latestOnly`. */
  readonly supersededBy: number | null;
  /** A handler succeeded after the event had been given up. Replay refuses it. */
  readonly resolvedLate?: true;
}

/** What an item says about where its dead letter is. */
export function statusFacts(
  archived: ArchivedLetter | undefined,
): Pick<DeadLetterItem, 'status' | 'archived'> {
  const status = statusOf(archived);
  if (!archived) return { status };
  const { at, operator, note, task } = archived;
  return { status, archived: { at, operator, reason: note ?? null, task } };
}

/** Asks the server what became of the original, and the journal whether the event was resolved after all. */
export async function itemOf(
  pipeline: Pipeline,
  entry: DlqEntry,
  expiry: Expiry,
): Promise<{ readonly item: DeadLetterItem; readonly original: Original }> {
  const { letter, pointer, archived } = entry;
  const label = new GroupLabels().of(entry);
  if (!pointer) {
    const original: Original = { state: 'missing' };
    return {
      item: {
        ...letter,
        ...label,
        ...statusFacts(archived),
        original: original.state,
        originalExpiresAt: null,
        kept: false,
        edited: false,
        supersededBy: null,
      },
      original,
    };
  }
  const [original, [resolved], [edited = false], [supersededBy]] = await Promise.all([
    fetchEvent(pipeline, pointer),
    areResolvedLate(pipeline, [pointer]),
    areEdited(pipeline, [pointer]),
    new Superseded(pipeline).by([pointer]),
  ]);
  const kept = original.state === 'present' && original.kept === true;
  const expiresAt = original.state === 'present' && !kept ? await expiry.of(original.message) : null;
  return {
    item: {
      ...letter,
      ...label,
      ...statusFacts(archived),
      original: original.state,
      originalExpiresAt: expiresAt,
      kept,
      edited,
      supersededBy: supersededBy ?? null,
      ...(resolved ? { resolvedLate: true } : {}),
    },
    original,
  };
}
