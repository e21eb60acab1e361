import { formatMeasured } from '../domain/duration.js';
import { fail, type Finding, ok, warn } from './finding.js';

/** Retries are due by our clock, and events are stored by the server's. */
const [noticedMs, wrongMs] = [1000, 30_000];

/** Two moments of ours, and what the server's clock said in between. */
export interface ClockReading {
  readonly beforeMs: number;
  readonly afterMs: number;
  /** RFC 3339; undefined: the server does not say. */
  readonly serverTime: string | undefined;
}

/** Whether this machine and the server have the same time. */
export function checkClock({ beforeMs, afterMs, serverTime }: ClockReading): Finding {
  const serverMs = Date.parse(serverTime ?? '');
  if (Number.isNaN(serverMs)) return warn('clock', 'the time of the server is not known: it does not say it');
  // As far as the time on the way allows: somewhere between the two moments.
  const [early, late] = [serverMs - afterMs, serverMs - beforeMs];
  const offMs = early > 0 ? early : Math.min(0, late);
  const text = `this machine is ${formatMeasured(Math.abs(Math.round(offMs)))} ${offMs > 0 ? 'behind' : 'ahead of'} the server`;
  const next = 'let both take their time from the same source: chronyc tracking, timedatectl';
  if (Math.abs(offMs) >= wrongMs) return fail('clock', text, next);
  if (Math.abs(offMs) >= noticedMs) return warn('clock', text, next);
  return ok('clock', 'this machine and the server have the same time');
}
