import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../flow/clock.js';

/** When events are due: evenly spread, the first at once. Nothing that happens meanwhile changes it. */
export interface Schedule {
  /** Monotonic ms. */
  readonly startMs: number;
  /** Per second. */
  readonly rate: number;
  readonly events: number;
  readonly durationMs: number;
}

/** Sends one event, which was due at this time; false: there is no room for it now. */
export type SendDue = (dueMs: number) => boolean;

/** Answers must be taken in between. */
const mostAtOnce = 500;
/** So much of what is due at the end, and was held up, is still sent. */
const catchUpMs = 1000;
/** A timer is not finer than this: what is nearer is waited for turn by turn. */
const timerMs = 2;

/** Sends each event when it is due, or as soon as it can. Resolves when the time is over, or at the signal. */
export async function keepSchedule(
  schedule: Schedule,
  send: SendDue,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { startMs, rate, events, durationMs } = schedule;
  const endMs = startMs + durationMs;
  const dueOf = (index: number): number => startMs + (index * 1000) / rate;
  for (let next = 0; !signal.aborted; ) {
    const nowMs = clock.monotonic();
    let room = true;
    for (let count = 0; next < events && dueOf(next) <= nowMs && count < mostAtOnce; count++) {
      room = send(dueOf(next));
      if (!room) break;
      next++;
    }
    const isLate = next < events && dueOf(next) <= nowMs;
    if (nowMs >= endMs && (!isLate || nowMs >= endMs + catchUpMs)) return;
    const waitMs = (next < events ? dueOf(next) : endMs) - nowMs;
    if (isLate && room) await nextTurn();
    else await until(isLate ? timerMs : waitMs, signal);
  }
}

async function until(waitMs: number, signal: AbortSignal): Promise<void> {
  if (waitMs < timerMs) await nextTurn();
  else await sleep(Math.floor(waitMs) - 1, undefined, { signal }).catch(() => {});
}
