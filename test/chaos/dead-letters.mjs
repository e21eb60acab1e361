import { readAll } from './admin.mjs';

/**
 * The dead letters of the pipeline, by consumer and message id of their event. One of the meta-consumer stands
 * for the event whose record it embeds.
 */
export async function readDeadLetters(admin) {
  const letters = await readAll(admin, 'events-dlq');
  return letters.map(({ body }) => {
    const pointer = JSON.parse(body);
    const about = pointer.embedded?.record ?? pointer;
    return {
      consumer: about.consumer,
      id: about.origin.msgId,
      reason: pointer.failure.kind,
      byMeta: about !== pointer,
    };
  });
}
