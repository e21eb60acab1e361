import type { WriteStream } from 'node:tty';

const ttyEveryMs = 200;
/** In a log a line now and then is enough, and what is short needs none. */
const plainEveryMs = 10_000;

/** What a terminal writes of itself when Ctrl-C is pressed: `^C`. */
const echoed = 2;

/** Those that have not ended. */
const open = new Set<ChangingLine>();

/** Whether what was written last, by whoever, ended its line. */
let atLineStart = true;

/** Makes room for a line that is written past the streams of this process, such as one of a log. */
export function makeRoomForLine(): void {
  clearChangingLines();
  if (!atLineStart) draw(process.stderr, '\n');
  atLineStart = true;
}

function clearChangingLines(): void {
  for (const line of open) line.clear();
}

function draw(stream: WriteStream, text: string): void {
  drawing = true;
  stream.write(text);
  drawing = false;
}

/** Terminals whose writers make room by themselves. */
const watched = new WeakSet<WriteStream>();

/** From now on whatever is written to this terminal, by handlers too, stands on lines of its own. */
function watch(stream: WriteStream): void {
  if (!stream.isTTY || watched.has(stream)) return;
  watched.add(stream);
  const write: (...words: Parameters<WriteStream['write']>) => boolean = stream.write.bind(stream);
  const makesRoom = (...words: Parameters<WriteStream['write']>): boolean => {
    const [chunk] = words;
    const last = chunk.at(-1);
    if (!drawing && last !== undefined) {
      clearChangingLines();
      atLineStart = last === '\n' || last === '\r' || last === lineFeed || last === carriageReturn;
    }
    return write(...words);
  };
  stream.write = makesRoom as WriteStream['write'];
}

const lineFeed = 10;
const carriageReturn = 13;
/** What is written now is a changing line itself. */
let drawing = false;

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
    watch(process.stdout);
    watch(process.stderr);
  }

  /** Nothing is shown any more; a line on a terminal goes away. */
  end(): void {
    clearInterval(this.timer);
    open.delete(this);
    this.clear();
    if (!atLineStart) makeRoomForLine();
  }

  /** Makes room for another line; it is shown again below that. */
  clear(): void {
    if (this.shown > 0 && this.stream.isTTY) draw(this.stream, `\r${' '.repeat(this.shown + echoed)}\r`);
    this.shown = 0;
  }

  private show(): void {
    const text = this.text()?.slice(0, (this.stream.columns ?? Number.POSITIVE_INFINITY) - echoed - 1);
    if (text === undefined) return;
    if (!this.stream.isTTY) {
      this.stream.write(`${text}\n`);
      return;
    }
    // Without escape sequences: a terminal may know none.
    draw(this.stream, `${atLineStart ? '' : '\n'}\r${text.padEnd(this.shown)}`);
    atLineStart = true;
    this.shown = text.length;
  }
}
