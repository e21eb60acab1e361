import { decodeKeptHead, type EditAuthor, keptAddress, keptHeader, keptSubject } from '../../domain/kept.js';
import { sameOrigin } from '../../domain/key.js';
import type { Pointer } from '../../domain/pointer.js';
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
 * one, where an edit was interrupted before its replay. One question for all, and one more where anything is kept.
 */
export async function editedVersions(
  pipeline: Pipeline,
  pointers: readonly Pick<Pointer, 'consumer' | 'origin' | 'cycle'>[],
): Promise<(EditedVersion | undefined)[]> {
  const { root, stream } = pipeline.places.kept;
  // Undefined: it was not applied yet.
  const info = pointers.length === 0 ? undefined : await pipeline.link.streamInfo(stream);
  if (!info || info.state.messages === 0) return pointers.map(() => undefined);
  const subjects = pointers.map(({ consumer, origin, cycle }) =>
    // The newest first; what was edited so long ago that it is not among these was replayed too often to be of use.
    Array.from({ length: Math.min(cycle + 1, mostCycles) }, (_, i) =>
      keptSubject(root, consumer, origin.seq, cycle + 1 - i),
    ),
  );
  const found = await pipeline.link.readLastOfEach(stream, subjects.flat());
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
