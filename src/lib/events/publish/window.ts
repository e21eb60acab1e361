/** Counts what is on its way. Refilled by a quarter at a time: what is sent together costs one write. */
export class Window {
  private count = 0;
  private wakeAt = 0;
  private wake: (() => void) | undefined;

  constructor(private readonly size: number) {}

  get inside(): number {
    return this.count;
  }

  get isFull(): boolean {
    return this.count >= this.size;
  }

  enter(): void {
    this.count++;
  }

  leave(): void {
    this.count--;
    if (this.count <= this.wakeAt) this.wake?.();
  }

  room(): Promise<void> {
    return this.until(this.size - Math.ceil(this.size / 4));
  }

  async empty(): Promise<void> {
    if (this.count > 0) await this.until(0);
  }

  /** Whoever waits goes on now. */
  interrupt(): void {
    this.wake?.();
  }

  private until(inside: number): Promise<void> {
    this.wakeAt = inside;
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}
