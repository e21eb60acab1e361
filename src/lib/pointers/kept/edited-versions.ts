import { decodeKeptHead, type EditAuthor, keptAddress, keptHeader, keptSubject } from '../../domain/kept.js';
import { sameOrigin } from '../../domain/key.js';
import type { Pointer } from '../../domain/pointer.js';
import { apiCode, apiCodeOf } from '../../nats/errors.js';
import type { LastMessages } from '../../nats/read/last-of-each.js';
import { headerOf } from '../../nats/wire/message.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

/** A version that a person made of an event. */
export interface EditedVersion {
  /** The cycle that it was made for. */
  readonly cycle: number;
  readonly edit?: EditAuthor;
}

/**
 * The last edited version of the event of each of these dead letters, in their order: of an earlier cycle, or of the next
 * one, where an edit was interrupted before its replay. One question for all.
 */
export async function editedVersions(
  pipeline: Pipeline,
  pointers: readonly Pick<Pointer, 'consumer' | 'origin' | 'cycle'>[],
): Promise<(EditedVersion | undefined)[]> {
  const { root } = pipeline.places.kept;
  const subjects = pointers.map(({ consumer, origin, cycle }) =>
    // The newest first; what was edited so long ago that it is not among these was replayed too often to be of use.
    Array.from({ length: Math.min(cycle + 1, mostCycles) }, (_, i) =>
      keptSubject(root, consumer, origin.seq, cycle + 1 - i),
    ),
  );
  const found = await lastOfEach(pipeline, subjects.flat());
  return pointers.map(({ origin }, i) => {
    for (const subject of subjects[i] ?? []) {
      const message = found.get(subject);
      const head = message && decodeKeptHead(headerOf(message.headers, keptHeader));
      const version = keptAddress(root, subject)?.version;
      if (!head?.ok || typeof version !== 'number' || !sameOrigin(head.value.origin, origin)) continue;
      const { edit } = head.value;
      return { cycle: version, ...(edit ? { edit } : {}) };
    }
    return undefined;
  });
}

const mostCycles = 64;

async function lastOfEach(pipeline: Pipeline, subjects: readonly string[]): Promise<LastMessages> {
  try {
    return await pipeline.link.readLastOfEach(pipeline.places.kept.stream, subjects);
  } catch (error) {
    // It was not applied yet.
    if (apiCodeOf(error) === apiCode.streamNotFound) return new Map();
    throw error;
  }
}
