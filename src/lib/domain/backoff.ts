/** Waits between the attempts of one stage, in milliseconds: entry i is the wait after attempt i + 1. */
export type Backoff = readonly number[];

/** The wait after a failed attempt (1-based); the last entry serves all later ones. No backoff: 0. */
export function delayAfter(backoffMs: Backoff, attempt: number): number {
  if (backoffMs.length === 0) return 0;
  return backoffMs[Math.min(attempt, backoffMs.length) - 1] ?? 0;
}

/** Spreads a wait over ±10 %, so that what failed together doesn't come back together. `random` is in [0, 1). */
export function withJitter(delayMs: number, random: () => number): number {
  return Math.round(delayMs * (0.9 + 0.2 * random()));
}

/** The longest that a stage can spend waiting between its attempts, jitter included. */
export function longestWait(backoffMs: Backoff, attempts: number): number {
  let sum = 0;
  for (let attempt = 1; attempt < attempts; attempt++) sum += delayAfter(backoffMs, attempt) * 1.1;
  return Math.ceil(sum);
}
