import type { ReadStream, WriteStream } from 'node:tty';
import { AlternateScreen } from './alternate-screen.js';
import { Keys } from './keys.js';

/** A page that is drawn again and again on a screen of its own, and the keys for it. */
export class LiveScreen {
  private readonly screen: AlternateScreen;
  private readonly keys: Keys;
  private readonly redraw = (): void => this.draw();
  private page: (paused: boolean) => string = () => '';
  private paused = false;
  private quitting = false;
  private wake: (() => void) | undefined;

  /** `onInterrupt`: Ctrl-C. */
  constructor(
    private readonly out: WriteStream,
    input: ReadStream,
    onInterrupt: () => void,
  ) {
    this.screen = new AlternateScreen(out);
    this.keys = new Keys(input, (key) => this.pressed(key), onInterrupt);
    out.on('resize', this.redraw);
  }

  /** Draws it now, and whenever the terminal changes its size. */
  show(page: (paused: boolean) => string): void {
    this.page = page;
    this.draw();
  }

  /** Resolves after that time, at once when somebody wants to read again. False: they want to leave. Paused, it waits. */
  async next(ms: number): Promise<boolean> {
    await new Promise<void>((resolve) => {
      if (this.quitting) return resolve();
      const timer = setTimeout(() => {
        if (!this.paused) resolve();
      }, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
    return !this.quitting;
  }

  close(): void {
    this.out.removeListener('resize', this.redraw);
    this.keys.close();
    this.screen.close();
  }

  private draw(): void {
    this.screen.draw(this.page(this.paused));
  }

  private pressed(key: string): void {
    if (key === 'q') this.quitting = true;
    else if (key === ' ' || key === 'p') this.paused = !this.paused;
    else if (key !== 'r') return;
    if (key === ' ' || key === 'p') this.draw();
    if (!this.paused || key === 'q' || key === 'r') this.wake?.();
  }
}
