import type { PipelineConfig } from '../../config/resolved.js';
import { isCount } from '../../domain/decode.js';
import { formatDuration } from '../../domain/duration.js';
import { makeFailure } from '../../domain/failure.js';
import type { KeyHistory } from '../../domain/attempt.js';
import { expiresAtMs } from '../../domain/message-ttl.js';
import type { Outcome } from '../../domain/outcome.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import { ttlOf } from '../../nats/stream-life.js';

type Snoozed = Extract<Outcome, { kind: 'snoozed' }>;

/** A shorter snooze lasts as long: one of zero would come back at once, forever. */
export const shortestSnoozeMs = 100;
/** So many snoozes of less than `shortMs` in a stage are a loop. */
const mostShort = 1000;
const shortMs = 60_000;

/** How often the event was snoozed for a short time in this stage so far. */
export function shortSnoozes({ snoozed }: KeyHistory): number {
  const count = snoozed?.record.snoozes;
  return isCount(count) ? count : 0;
}

export function isShort(delayMs: number): boolean {
  return delayMs < shortMs;
}

/**
 * A snooze as it can be: not shorter than the floor. One beyond the event's life would lose it, one beyond the
 * journal's would be forgotten, one short one after another would never end: those are failed attempts.
 */
export function boundSnooze(
  { delayMs: wantedMs }: Snoozed,
  history: KeyHistory,
  message: Pick<StoredMessage, 'time' | 'headers'> & { readonly kept?: boolean },
  { streams: { events, advisories } }: Pick<PipelineConfig, 'streams'>,
  nowMs: number,
): Outcome {
  const delayMs = Math.max(shortestSnoozeMs, wantedMs);
  // Where its stream does not allow it a life of its own, the server has refused it.
  const life = { maxAgeMs: events.maxAgeMs, allowsTtl: true };
  const leftMs = expiresAtMs(message.time, ttlOf(message), life) - nowMs;
  const snoozed = `snoozed for ${formatDuration(wantedMs)}`;
  if (message.kept !== true && delayMs >= leftMs)
    return failed(`${snoozed}, but the event lives only ${formatDuration(Math.max(0, leftMs))} more`);
  if (advisories.maxAgeMs > 0 && delayMs >= advisories.maxAgeMs)
    return failed(`${snoozed}, but the journal forgets that after ${formatDuration(advisories.maxAgeMs)}`);
  if (isShort(delayMs) && shortSnoozes(history) >= mostShort)
    return failed(
      `${snoozed}, but it was snoozed ${mostShort} times for less than ${formatDuration(shortMs)}`,
    );
  return { kind: 'snoozed', delayMs };
}

function failed(text: string): Outcome {
  return { kind: 'failed', failure: makeFailure('error', 'Snooze', text) };
}
