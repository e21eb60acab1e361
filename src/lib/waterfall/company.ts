interface Waiting {
  readonly alone: boolean;
  readonly admit: () => void;
}

/**
 * Who runs in this process at the same time: most run side by side, some ask to be alone. In line: whoever waits
 * to be alone is passed by nobody, so that it waits only for what runs already.
 */
export class Company {
  private running = 0;
  private someoneAlone = false;
  private readonly waiting: Waiting[] = [];

  /** Enters if that is possible now. */
  tryEnter(alone: boolean): boolean {
    if (this.waiting.length > 0 || !this.admits(alone)) return false;
    this.begin(alone);
    return true;
  }

  async enter(alone: boolean): Promise<void> {
    if (this.tryEnter(alone)) return;
    await new Promise<void>((admit) => this.waiting.push({ alone, admit }));
  }

  leave(): void {
    this.running--;
    this.someoneAlone = false;
    for (let next = this.waiting[0]; next && this.admits(next.alone); next = this.waiting[0]) {
      this.waiting.shift();
      this.begin(next.alone);
      next.admit();
    }
  }

  private admits(alone: boolean): boolean {
    return alone ? this.running === 0 : !this.someoneAlone;
  }

  private begin(alone: boolean): void {
    this.running++;
    this.someoneAlone = alone;
  }
}
