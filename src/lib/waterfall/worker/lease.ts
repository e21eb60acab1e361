import { Bag } from '../../flow/bag.js';
import type { HeldMessage } from './held-message.js';
import type { Settler } from './settle.js';

/** Keeps every held message alive from its receipt on: a sign of life at a third of the ack wait. */
export class LeaseKeeper {
  private readonly held = new Bag<HeldMessage>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly settler: Settler,
    private readonly ackWaitMs: number,
    private readonly monotonic: () => number,
  ) {
    this.timer = setInterval(() => this.sweep(), Math.max(10, ackWaitMs / 6));
    this.timer.unref();
  }

  add(held: HeldMessage): void {
    this.held.add(held);
  }

  remove(held: HeldMessage): void {
    this.held.remove(held);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private sweep(): void {
    const now = this.monotonic();
    for (const held of this.held) {
      if (now - held.touchedAt >= this.ackWaitMs / 6) void this.settler.touch(held, this.ackWaitMs / 3);
    }
  }
}
