import type { WriteStream } from 'node:tty';

const ttyEveryMs = 200;
/** In a log a line now and then is enough, and what is short needs none. */
const plainEveryMs = 10_000;

/** What a terminal writes of itself when Ctrl-C is pressed: `^C`. */
const echoed = 2;

/** Those that have not ended. */
const open = new Set<ChangingLine>();

/** Ends all there are, for what has the last word. */
export function endChangingLines(): void {
  for (const line of open) line.end();
}

/** Shows on stderr where something is: one line that changes on a terminal, plain lines elsewhere. */
export class ChangingLine {
  private readonly timer: NodeJS.Timeout;
  /** How much of the line is to be written over; 0: nothing is shown. */
  private shown = 0;

  constructor(
    private readonly stream: WriteStream,
    /** What it says now; undefined: nothing yet. */
    private readonly text: () => string | undefined,
  ) {
    this.timer = setInterval(() => this.show(), stream.isTTY ? ttyEveryMs : plainEveryMs);
    this.timer.unref();
    open.add(this);
  }

  /** Nothing is shown any more; a line on a terminal goes away. */
  end(): void {
    clearInterval(this.timer);
    open.delete(this);
    this.clear();
  }

  /** Makes room for another line; it is shown again below that. */
  clear(): void {
    if (this.shown > 0 && this.stream.isTTY) this.stream.write(`\r${' '.repeat(this.shown + echoed)}\r`);
    this.shown = 0;
  }

  private show(): void {
    const text = this.text()?.slice(0, (this.stream.columns ?? Number.POSITIVE_INFINITY) - echoed - 1);
    if (text === undefined) return;
    // Without escape sequences: a terminal may know none.
    this.stream.write(this.stream.isTTY ? `\r${text.padEnd(this.shown)}` : `${text}\n`);
    this.shown = text.length;
  }
}
