import { pointerHeader } from '../domain/pointer.js';
import { msOfNanos } from '../domain/time.js';
import { readQueue } from '../nats/read/read-batches.js';
import type { Pipeline } from '../pipeline/pipeline.js';

/** More waiting retries than these are not read for a look. */
export const mostRetriesRead = 5000;

/** When the first of the waiting retries is due, ms since 1970; undefined: none waits. What is due already has its time too. */
export async function firstDueMs({ link, places }: Pipeline): Promise<number | undefined> {
  let first: number | undefined;
  for await (const messages of readQueue(link, places.retry.stream)) {
    for (const { headers, time } of messages) {
      const header = Date.parse(headers[pointerHeader.notBefore]?.[0] ?? '');
      const dueMs = Number.isNaN(header) ? msOfNanos(time) : header;
      first = first === undefined ? dueMs : Math.min(first, dueMs);
    }
  }
  return first;
}
