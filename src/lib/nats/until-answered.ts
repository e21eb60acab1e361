import { setTimeout as sleep } from 'node:timers/promises';
import { NoRespondersError } from '@nats-io/transport-node';
import type { Clock } from '../flow/clock.js';
import { NoJetStreamError, UnreachableError } from './errors.js';

const pauseMs = 1000;
const tellAgainMs = 30_000;

/** The server does not answer now and may later: what it is asked about has no leader, or the connection is down. */
function mayPass(error: unknown): error is UnreachableError {
  if (!(error instanceof UnreachableError) || error instanceof NoJetStreamError) return false;
  // Nobody listens where we ask: another domain, or no JetStream. Nothing will come of waiting.
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof NoRespondersError) return false;
  }
  return true;
}

/**
 * Repeats an action until the server answers. `onWaiting` hears of it at the first refusal, and every 30 s after it,
 * with how long it has been waited for.
 */
export async function untilAnswered<T>(
  clock: Clock,
  action: () => Promise<T>,
  onWaiting: (error: UnreachableError, waitedMs: number) => void,
): Promise<T> {
  const since = clock.monotonic();
  for (let tellAt = since; ; ) {
    try {
      return await action();
    } catch (error) {
      if (!mayPass(error)) throw error;
      const now = clock.monotonic();
      if (now >= tellAt) {
        tellAt = now + tellAgainMs;
        onWaiting(error, now - since);
      }
      await sleep(pauseMs);
    }
  }
}
