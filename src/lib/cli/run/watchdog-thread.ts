import { write } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { formatDuration } from '../../domain/duration.js';

/** What the thread is started with; `beats` counts on while the event loop of the main thread turns. */
export interface WatchdogFacts {
  readonly stallTimeoutMs: number;
  readonly readable: boolean;
  readonly beats: Int32Array;
}

const { stallTimeoutMs, readable, beats } = workerData as WatchdogFacts;
/** How long the last line may take. */
const lastLineMs = 1000;
const checkMs = Math.max(50, stallTimeoutMs / 10);
let lastBeat = Atomics.load(beats, 0);
let standsSince = performance.now();
let lastCheck = performance.now();

const checking = setInterval(() => {
  const now = performance.now();
  const beat = Atomics.load(beats, 0);
  // The whole process was suspended: that says nothing about the event loop.
  if (beat !== lastBeat || now - lastCheck > checkMs * 5) standsSince = now;
  lastBeat = beat;
  lastCheck = now;
  if (now - standsSince >= stallTimeoutMs) end(Math.round(now - standsSince));
}, checkMs);

function end(stalledMs: number): void {
  clearInterval(checking);
  const msg = `a handler has blocked the event loop for ${formatDuration(stallTimeoutMs)}. The process ends; the event is delivered again, and dead-lettered if this happens at every attempt`;
  const line = readable
    ? `FATAL: ${msg}`
    : JSON.stringify({ level: 'fatal', time: new Date().toISOString(), stalledMs, msg });
  const kill = (): void => void process.kill(process.pid, 'SIGKILL');
  // A terminal that is held would hold this write too: it may be what the handler waits for.
  setTimeout(kill, lastLineMs);
  write(1, `${line}\n`, (failed) => (failed ? write(2, `${line}\n`, kill) : kill()));
}
