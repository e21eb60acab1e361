import { Worker } from 'node:worker_threads';
import type { WatchdogFacts } from './watchdog-thread.js';

const beatMs = 250;

export interface WatchdogOptions {
  /** How long the event loop may stand still, ms. */
  readonly stallTimeoutMs: number;
  /** The last line is for people instead of JSON. */
  readonly readable: boolean;
}

/**
 * Ends this process, with one line on stdout (on stderr if stdout is not being read), when its event loop is blocked: a handler that never yields
 * can't be timed out from inside, and its event would never be dead-lettered. Returns a function that stops it.
 */
export function startWatchdog(options: WatchdogOptions): () => void {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const beat = setInterval(() => Atomics.add(beats, 0, 1), beatMs);
  beat.unref();
  const workerData: WatchdogFacts = { ...options, beats };
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), { workerData });
  thread.unref();
  return () => {
    clearInterval(beat);
    void thread.terminate();
  };
}
