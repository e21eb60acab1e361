import { constants, fstatSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import type * as Pino from 'pino';

/** What is kept while nobody reads; lines beyond it are dropped. */
const keptBytes = 4 * 1024 * 1024;
const retryMs = 10;
/** How long the end of the process waits for a reader that has stopped. */
const patienceMs = 2000;

/**
 * Where the lines of a log go. A line is written before `write` returns while the reader keeps up. While it does not,
 * lines are kept in their order, then dropped and counted, and nobody waits: the log never holds back what it tells of.
 */
export class LogOutput {
  private readonly out: ReturnType<typeof Pino.destination>;
  /** Something is kept, or was dropped. */
  private waiting: NodeJS.Timeout | undefined;
  private refused = false;
  private dropped = 0;
  private readerLeft = false;
  private takenAtMs = performance.now();

  constructor(
    pino: typeof Pino,
    fd: 1 | 2,
    /** Called when there is room again, where the dropped lines would stand. */
    private readonly onDropped: (lines: number) => void,
  ) {
    this.out = pino.destination({
      dest: openNonBlocking(fd),
      sync: true,
      maxLength: keptBytes,
      // Refused now, it is an error: what was not taken stays, and goes first in the next write.
      retryEAGAIN: () => false,
    });
    this.out.on('write', () => {
      this.takenAtMs = performance.now();
    });
    this.out.on('error', ({ code }: NodeJS.ErrnoException) => {
      this.refused = true;
      if (code === 'EPIPE') this.giveUp();
      else this.wait();
    });
    this.out.on('drop', () => {
      this.dropped++;
      this.wait();
    });
  }

  /** One line, with its end. */
  write(line: string): void {
    if (this.readerLeft) return;
    // Until all that is kept is written: what is dropped is in one piece, and told in its place.
    if (this.dropped > 0) this.dropped++;
    else this.out.write(line);
  }

  private wait(): void {
    if (this.waiting !== undefined || this.readerLeft) return;
    this.waiting = setInterval(this.retry, retryMs).unref();
    process.on('exit', this.lastTries);
  }

  private readonly retry = (): void => {
    this.refused = false;
    this.out.write('');
    if (this.refused) return;
    this.stopWaiting();
    const { dropped } = this;
    this.dropped = 0;
    if (dropped > 0) this.onDropped(dropped);
  };

  /** A reader that is only slow gets the last lines; for one that has stopped nobody waits longer than he did. */
  private readonly lastTries = (): void => {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    const startMs = performance.now();
    this.retry();
    while (this.waiting && performance.now() < Math.min(startMs, this.takenAtMs) + patienceMs) {
      Atomics.wait(pause, 0, 0, retryMs);
      this.retry();
    }
  };

  private giveUp(): void {
    this.readerLeft = true;
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
