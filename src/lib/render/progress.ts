import { formatDuration } from '../domain/duration.js';
import type { ReadSoFar } from '../nats/read/read-so-far.js';

/** How far a replay is. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
}

/** `1200 of 3000 done, 500/s, 4s left`; without a rate until something is done. */
export function renderProgress({ done, total, elapsedMs }: Progress): string {
  const perSecond = elapsedMs > 0 ? (done / elapsedMs) * 1000 : 0;
  const text = `${done} of ${total} done`;
  if (perSecond === 0) return text;
  const rate = perSecond < 10 ? perSecond.toFixed(1) : String(Math.round(perSecond));
  return `${text}, ${rate}/s, ${formatDuration(Math.ceil((total - done) / perSecond) * 1000)} left`;
}

/** `12000 of 30000 records of the journal read`. */
export function renderReading({ what, done, of }: ReadSoFar): string {
  return `${done} of ${Math.max(done, of)} ${what} read`;
}
