import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** How much is kept while it is not being read, in characters; lines beyond it are dropped. */
const mostKept = 4 * 1024 * 1024;
const chunkLength = 16 * 1024;
const retryMs = 10;
/** How often the end of the process tries: for two seconds. */
const mostTries = 200;
const nothing = Buffer.alloc(0);

const outputs = new Map<number, LogOutput>();

/** Logs how many lines are missing, of all loggers that share the output. */
export type ReportDropped = (lines: number) => void;

/**
 * One line, with its end, to a descriptor. All loggers share the output of a descriptor: a line that was taken in
 * part is finished before another begins, whoever wrote it. It is opened at the first line.
 */
export function writeLog(fd: 1 | 2, line: string, reportDropped: ReportDropped): void {
  const output = outputs.get(fd) ?? new LogOutput(fd);
  outputs.set(fd, output);
  output.write(line, reportDropped);
}

/**
 * Where the lines of a log go. A line is written before `write` returns while the reader keeps up. While it does not,
 * lines are kept in their order, then dropped and counted, without waiting: the log never holds back what it is about.
 */
class LogOutput {
  private readonly fd: number;
  /** The part of a line, or of a chunk, that was not taken. */
  private rest: Buffer = nothing;
  /** What comes after it: lines, in chunks. */
  private kept: string[] = [];
  private keptLength = 0;
  private dropped = 0;
  /** Of the logger whose line was dropped first; it writes where the dropped lines would stand. */
  private reportDropped: ReportDropped | undefined;
  /** Set while something waits to be written. */
  private waiting: NodeJS.Timeout | undefined;
  /** Tries since something was taken. */
  private refusals = 0;
  private readerLeft = false;

  constructor(fd: 1 | 2) {
    this.fd = openNonBlocking(fd);
  }

  /** `reportDropped` is called if this is the first line that is dropped, once all that was kept is written. */
  write(line: string, reportDropped: ReportDropped): void {
    if (this.readerLeft) return;
    if (this.waiting) return this.keep(line, reportDropped);
    this.put(Buffer.from(line));
    if (this.rest.length > 0) this.wait();
  }

  private keep(line: string, reportDropped: ReportDropped): void {
    // Until all is written: what is dropped is in one piece.
    if (this.dropped > 0 || this.keptLength + line.length > mostKept) {
      this.dropped++;
      this.reportDropped ??= reportDropped;
      return;
    }
    this.keptLength += line.length;
    const last = this.kept.at(-1);
    if (last === undefined || last.length > chunkLength) this.kept.push(line);
    else this.kept[this.kept.length - 1] = last + line;
  }

  /** Writes what fits now; the rest of it stays. */
  private put(bytes: Buffer): void {
    this.rest = bytes;
    try {
      while (this.rest.length > 0) {
        this.rest = this.rest.subarray(writeSync(this.fd, this.rest));
        this.refusals = 0;
      }
    } catch (error) {
      this.refusals++;
      // Anything else may pass: a pipe that is full, a disk that is full.
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') this.giveUp();
    }
  }

  private wait(): void {
    this.waiting = setInterval(this.retry, retryMs).unref();
    process.on('exit', this.lastTries);
  }

  private readonly retry = (): void => {
    this.put(this.rest);
    while (this.rest.length === 0 && this.waiting) {
      const next = this.kept.shift();
      if (next === undefined) this.caughtUp();
      else {
        this.keptLength -= next.length;
        this.put(Buffer.from(next));
      }
    }
  };

  private caughtUp(): void {
    this.stopWaiting();
    const { dropped, reportDropped } = this;
    this.dropped = 0;
    this.reportDropped = undefined;
    reportDropped?.(dropped);
  }

  /** A reader that is only slow gets the last lines. One that stopped long ago is not waited for again. */
  private readonly lastTries = (): void => {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    this.retry();
    for (let tries = 0; this.waiting && Math.max(tries, this.refusals) < mostTries; tries++) {
      Atomics.wait(pause, 0, 0, retryMs);
      this.retry();
    }
  };

  private giveUp(): void {
    this.readerLeft = true;
    this.rest = nothing;
    this.kept = [];
    this.stopWaiting();
  }

  private stopWaiting(): void {
    clearInterval(this.waiting);
    this.waiting = undefined;
    process.off('exit', this.lastTries);
  }
}

/**
 * A pipe or a terminal is opened once more, for the log alone: Node makes a terminal block, and a child process that
 * inherits a pipe makes it block for us too. Where that can't be (a socket, no /proc, another user's terminal) it is
 * as Node has it.
 */
function openNonBlocking(fd: number): number {
  try {
    if (!isatty(fd) && !fstatSync(fd).isFIFO()) return fd;
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return fd;
  }
}
