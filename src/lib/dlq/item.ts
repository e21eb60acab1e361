import type { Pipeline } from '../pipeline/pipeline.js';
import type { DeadLetter } from '../domain/dead-letter.js';
import { fetchOriginal, type Original } from '../pointers/original.js';
import type { DlqEntry } from '../pointers/entry.js';
import { areResolvedLate, type Expiry } from './state.js';

/** A dead letter and what has become of its event. */
export interface DeadLetterItem extends DeadLetter {
  /** `missing`: it aged out or was deleted. `replaced`: its stream was recreated, another event stands there. */
  readonly original: Original['state'];
  /** ISO; null when events never expire, or the original is gone. */
  readonly originalExpiresAt: string | null;
  /** A handler succeeded after the event had been given up. Replay refuses it. */
  readonly resolvedLate?: true;
}

/** Asks the server what became of the original, and the journal whether the event was resolved after all. */
export async function itemOf(
  pipeline: Pipeline,
  entry: DlqEntry,
  expiry: Expiry,
): Promise<{ readonly item: DeadLetterItem; readonly original: Original }> {
  const { link } = pipeline;
  const { letter, pointer } = entry;
  if (!pointer) {
    const original: Original = { state: 'missing' };
    return { item: { ...letter, original: original.state, originalExpiresAt: null }, original };
  }
  const [original, [resolved]] = await Promise.all([
    fetchOriginal(link, pointer.origin),
    areResolvedLate(pipeline, [pointer]),
  ]);
  const expiresAt = original.state === 'present' ? await expiry.of(original.message) : null;
  return {
    item: {
      ...letter,
      original: original.state,
      originalExpiresAt: expiresAt,
      ...(resolved ? { resolvedLate: true } : {}),
    },
    original,
  };
}
