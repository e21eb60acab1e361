import type { WriteStream } from 'node:tty';
import { renderProgress } from '../render/progress.js';

const ttyEveryMs = 200;
/** In a log a line now and then is enough, and a short replay needs none. */
const plainEveryMs = 10_000;

/** Shows on stderr how far something is: one line that changes on a terminal, plain lines elsewhere. */
export class ProgressLine {
  private done = 0;
  private readonly startedMs = performance.now();
  private readonly timer: NodeJS.Timeout;
  private shown = false;

  constructor(
    private readonly stream: WriteStream,
    private readonly total: number,
  ) {
    this.timer = setInterval(() => this.show(), stream.isTTY ? ttyEveryMs : plainEveryMs);
    this.timer.unref();
  }

  readonly count = (): void => {
    this.done++;
  };

  /** Nothing is shown any more; a line on a terminal goes away. */
  end(): void {
    clearInterval(this.timer);
    if (this.shown && this.stream.isTTY) this.stream.write('\r\u001b[2K');
    this.shown = false;
  }

  private show(): void {
    const { done, total } = this;
    const text = renderProgress({ done, total, elapsedMs: performance.now() - this.startedMs });
    this.stream.write(this.stream.isTTY ? `\r\u001b[2K${text}` : `${text}\n`);
    this.shown = true;
  }
}
