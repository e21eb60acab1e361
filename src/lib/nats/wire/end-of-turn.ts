/**
 * What is sent without waiting for an answer, together at the end of a turn of the event loop. The client sends what
 * one callback of a timer or a socket published, so acks of handlers that end in a callback each would be a write
 * each, and for the server a read.
 */
export class EndOfTurn {
  private waiting: (() => void)[] = [];

  /** `send` publishes over the connection, if that still makes sense then; it must not throw. */
  add(send: () => void): void {
    if (this.waiting.push(send) === 1) setImmediate(() => this.empty());
  }

  /** Does not wait for the end of the turn. */
  empty(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const send of waiting) send();
  }
}
