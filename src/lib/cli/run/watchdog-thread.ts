import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { formatDuration } from '../../domain/duration.js';

/** What the thread is started with; `beats` counts on while the event loop of the main thread turns. */
export interface WatchdogFacts {
  readonly stallTimeoutMs: number;
  readonly readable: boolean;
  readonly beats: Int32Array;
}

const { stallTimeoutMs, readable, beats } = workerData as WatchdogFacts;
const checkMs = Math.max(50, stallTimeoutMs / 10);
let lastBeat = Atomics.load(beats, 0);
let standsSince = performance.now();
let lastCheck = performance.now();

setInterval(() => {
  const now = performance.now();
  const beat = Atomics.load(beats, 0);
  // The whole process was suspended: that says nothing about the event loop.
  if (beat !== lastBeat || now - lastCheck > checkMs * 5) standsSince = now;
  lastBeat = beat;
  lastCheck = now;
  if (now - standsSince >= stallTimeoutMs) end(Math.round(now - standsSince));
}, checkMs);

function end(stalledMs: number): void {
  const msg = `the event loop has stood still for ${formatDuration(stallTimeoutMs)}: a handler blocks it. The process ends; its event comes back, and is dead-lettered when it goes on like that`;
  const line = readable
    ? `FATAL: ${msg}`
    : JSON.stringify({ level: 'fatal', time: new Date().toISOString(), stalledMs, msg });
  try {
    writeSync(1, `${line}\n`);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}
