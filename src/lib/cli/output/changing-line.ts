import type { WriteStream } from 'node:tty';

const ttyEveryMs = 200;
/** In a log a line now and then is enough, and what is short needs none. */
const plainEveryMs = 10_000;

/** Shows on stderr where something is: one line that changes on a terminal, plain lines elsewhere. */
export class ChangingLine {
  private readonly timer: NodeJS.Timeout;
  private shown = false;

  constructor(
    private readonly stream: WriteStream,
    /** What it says now; undefined: nothing yet. */
    private readonly text: () => string | undefined,
  ) {
    this.timer = setInterval(() => this.show(), stream.isTTY ? ttyEveryMs : plainEveryMs);
    this.timer.unref();
  }

  /** Nothing is shown any more; a line on a terminal goes away. */
  end(): void {
    clearInterval(this.timer);
    if (this.shown && this.stream.isTTY) this.stream.write('\r\u001b[2K');
    this.shown = false;
  }

  private show(): void {
    const text = this.text();
    if (text === undefined) return;
    this.stream.write(this.stream.isTTY ? `\r\u001b[2K${text}` : `${text}\n`);
    this.shown = true;
  }
}
