import type { Baggable } from '../../flow/bag.js';
import type { Delivery } from '../../nats/consume/delivery.js';
import type { Member } from './admission.js';

/** A message that this process holds, and until when the server leaves it to us. */
export class HeldMessage implements Baggable, Member {
  place = 0;
  inside = false;
  /** Its process stops: whatever its handler does from now on, only a success counts. */
  takenBack = false;
  /** Called when a server is waited for on its behalf: it holds back nothing meanwhile. */
  onWaiting: ((held: HeldMessage) => void) | undefined;
  /** `traceparent` of the span that its attempt runs in, where somebody traces. */
  trace: string | undefined;
  /** When the server last knew that we are on it: receipt, or a confirmed sign of life. Monotonic ms. */
  touchedAt: number;
  /** When its attempt began, monotonic ms; NaN: it has not begun. */
  startedAt = Number.NaN;

  constructor(
    readonly delivery: Delivery,
    private readonly ackWaitMs: number,
    now: number,
  ) {
    this.touchedAt = now;
  }

  /** It goes back to the server: another process may have it from now on. */
  giveUp(): void {
    this.touchedAt = Number.NEGATIVE_INFINITY;
  }

  /** The server may have given it to another process by now. */
  lapsed(now: number): boolean {
    return now - this.touchedAt >= this.ackWaitMs;
  }
}
