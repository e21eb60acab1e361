import { editedFilter, keptHeader, decodeKeptHead, keptPartSubject, keptSubject } from '../../domain/kept.js';
import { type Origin, sameOrigin } from '../../domain/key.js';
import { apiCodeOf } from '../../nats/errors.js';
import { apiCode } from '../../nats/wire/api-code.js';
import { headerOf, type StoredMessage } from '../../nats/wire/message.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

/**
 * Removes what is kept of this very event for a consumer: original and edited versions. Only once the journal has the end
 * of its case. Safe to repeat. False: there was nothing.
 */
export async function removeKept(pipeline: Pipeline, consumer: string, origin: Origin): Promise<boolean> {
  const { root } = pipeline.places.kept;
  const { seq } = origin;
  const removals = [keptSubject(root, consumer, seq, 'original'), editedFilter(root, consumer, seq)];
  let removed = false;
  for (const filter of removals) {
    for (let from = 1; ; ) {
      const message = await readNext(pipeline, filter, from);
      if (!message) break;
      from = message.seq + 1;
      if (await removeOne(pipeline, message, origin)) removed = true;
    }
  }
  return removed;
}

async function readNext(
  { link, places }: Pipeline,
  filter: string,
  from: number,
): Promise<StoredMessage | undefined> {
  try {
    return await link.readNext(places.kept.stream, filter, from);
  } catch (error) {
    // It was not applied yet.
    if (apiCodeOf(error) === apiCode.streamNotFound) return undefined;
    throw error;
  }
}

/** The message that names the parts goes last: what was interrupted is found again. */
async function removeOne(
  { link, places }: Pipeline,
  message: StoredMessage,
  origin: Origin,
): Promise<boolean> {
  const { stream, root } = places.kept;
  const head = decodeKeptHead(headerOf(message.headers, keptHeader));
  if (head.ok && !sameOrigin(head.value.origin, origin)) return false;
  const count = head.ok ? (head.value.parts?.count ?? 0) : 0;
  for (let part = 0; part < count; part++) {
    const piece = await link.readLast(stream, keptPartSubject(root, message.subject, part));
    if (piece) await link.deleteMessage(stream, piece.seq);
  }
  return link.deleteMessage(stream, message.seq);
}
