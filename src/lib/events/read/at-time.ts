import { longestTimerMs } from '../../domain/duration.js';
import type { Clock } from '../../flow/clock.js';

/** Calls back at a time of day, unless the function that it gives is called before. */
export function atTime(atMs: number, clock: Clock, call: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const left = atMs - clock.now();
    if (left <= 0) call();
    else timer = setTimeout(wait, Math.min(left, longestTimerMs));
  };
  wait();
  return () => clearTimeout(timer);
}
