import type { WriteStream } from 'node:tty';

const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const clearLine = '\u001b[K';
const clearBelow = '\u001b[J';

/** A screen of its own on a terminal, that goes away and leaves what was there before. */
export class AlternateScreen {
  private readonly restore = (): void => this.close();
  private closed = false;

  constructor(private readonly stream: WriteStream) {
    stream.write(enter);
    // However the process ends.
    process.once('exit', this.restore);
  }

  /** As many lines as there is room for. */
  draw(text: string): void {
    if (this.closed) return;
    const lines = text.split('\n').slice(0, Math.max(1, this.stream.rows));
    this.stream.write(`${home}${lines.map((line) => `${line}${clearLine}`).join('\r\n')}${clearBelow}`);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    process.removeListener('exit', this.restore);
    this.stream.write(leave);
  }
}
