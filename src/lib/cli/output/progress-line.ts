import type { WriteStream } from 'node:tty';
import { renderProgress } from '../../render/progress.js';
import { ChangingLine } from './changing-line.js';

/** How many of a known number are done, and when the rest will be. */
export class ProgressLine {
  private done = 0;
  private readonly startedMs = performance.now();
  private readonly line: ChangingLine;

  constructor(stream: WriteStream, total: number) {
    this.line = new ChangingLine(stream, () =>
      renderProgress({ done: this.done, total, elapsedMs: performance.now() - this.startedMs }),
    );
  }

  readonly count = (): void => {
    this.done++;
  };

  /** Makes room for another line; it is shown again below that. */
  clear(): void {
    this.line.clear();
  }

  /** Nothing is shown any more; a line on a terminal goes away. */
  end(): void {
    this.line.end();
  }
}
