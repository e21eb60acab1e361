import type { Origin } from './key.js';

/**
 * The message id that stands in the pointer to an edited event, before its own. A worker of a version that knows nothing
 * of edited events compares it with that of the original, finds another one, and gives the event up without calling the
 * handler: it is a dead letter again, and nobody has got what was not meant for them.
 */
const mark = 'plutomi-edited:';

export function markEdited(origin: Origin): Origin {
  return { ...origin, msgId: `${mark}${origin.msgId ?? ''}` };
}

/** The message id itself; undefined: there is none. */
export function withoutMark(msgId: string | undefined): string | undefined {
  if (!msgId?.startsWith(mark)) return msgId;
  return msgId.slice(mark.length) || undefined;
}
