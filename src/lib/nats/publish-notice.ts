import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NotAllowedError } from './errors.js';
import type { Link } from './link.js';
import { encodeHeaders } from './wire/headers.js';

/**
 * Publishes a notice to a subject that is not the pipeline's, whether anybody listens or not: the server answers
 * nothing to whoever may publish it, and a refusal to whoever may not. A stream over the subject stores one of the
 * same `msgId` once.
 */
export async function publishNotice(
  link: Link,
  subject: string,
  body: string,
  msgId?: string,
): Promise<void> {
  let refusal: NotAllowedError | undefined;
  const unwatch = link.watchRefusals((error) => {
    if (error.subject === subject) refusal = error;
  });
  try {
    if (!link.connected) throw new Error('the connection is lost');
    link.sendNow(subject, body, '', encodeHeaders(undefined, msgId === undefined ? {} : { msgId }));
    await link.flush();
    await nextTurn();
  } finally {
    unwatch();
  }
  if (refusal) throw refusal;
}
