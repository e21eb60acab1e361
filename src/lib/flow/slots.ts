/** A number of places; whoever finds none free waits in line. */
export class Slots {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(readonly size: number) {
    this.free = size;
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  /** Takes a place if one is free now. */
  tryTake(): boolean {
    if (this.free === 0) return false;
    this.free--;
    return true;
  }

  async take(): Promise<void> {
    if (this.tryTake()) return;
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** From now on nothing waits. */
  open(): void {
    this.free = Number.POSITIVE_INFINITY;
    for (const admit of this.waiting.splice(0)) admit();
  }

  give(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free++;
  }
}
