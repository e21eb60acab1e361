import { setTimeout as sleep } from 'node:timers/promises';
import { UnreachableError } from '../../nats/errors.js';

/** A server that does not answer is asked again for this long. */
const patienceMs = 30_000;
const pauseMs = 1000;

/** Repeats what the server does not answer: a cluster takes its time to elect a leader. */
export async function persistently<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  let patience: AbortSignal | undefined;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UnreachableError) || patience?.aborted || signal?.aborted) throw error;
      patience ??= AbortSignal.timeout(patienceMs);
      await sleep(pauseMs);
    }
  }
}
