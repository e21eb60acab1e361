import type { ReadStream } from 'node:tty';

const ctrlC = '\u0003';

/** Keys that are pressed on a terminal, one by one and not shown, until `close`. A terminal that is none gives none. */
export class Keys {
  private readonly restore = (): void => this.close();
  private readonly wasRaw: boolean;
  private closed = false;

  /** `onKey` gets each key; Ctrl-C, which the terminal no longer makes a signal, goes to `onInterrupt`. */
  constructor(
    private readonly stream: ReadStream,
    private readonly onKey: (key: string) => void,
    private readonly onInterrupt: () => void,
  ) {
    this.wasRaw = stream.isRaw;
    if (!stream.isTTY) return;
    stream.setRawMode(true);
    stream.on('data', this.onData);
    stream.resume();
    // However the process ends.
    process.once('exit', this.restore);
  }

  /** The terminal is as it was. */
  close(): void {
    if (this.closed || !this.stream.isTTY) return;
    this.closed = true;
    process.removeListener('exit', this.restore);
    this.stream.removeListener('data', this.onData);
    this.stream.setRawMode(this.wasRaw);
    this.stream.pause();
  }

  private readonly onData = (data: Buffer | string): void => {
    for (const key of String(data)) {
      if (key === ctrlC) return this.onInterrupt();
      this.onKey(key);
    }
  };
}
