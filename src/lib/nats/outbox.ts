import type { NatsConnection } from '@nats-io/transport-node';

/**
 * What is sent without waiting for an answer, together once per turn of the event loop. The client sends what one
 * callback of a timer or a socket published, so acks of handlers that end in a callback each would be a write each,
 * and for the server a read.
 */
export class Outbox {
  private subjects: string[] = [];
  private payloads: string[] = [];

  constructor(private readonly nc: NatsConnection) {}

  send(subject: string, payload: string): void {
    if (this.subjects.length === 0) setImmediate(() => this.empty());
    this.subjects.push(subject);
    this.payloads.push(payload);
  }

  /** Hands all of it to the client now. On a closed connection it is lost, as what a broken one did not send. */
  empty(): void {
    const { subjects, payloads } = this;
    this.subjects = [];
    this.payloads = [];
    for (let i = 0; i < subjects.length && !this.nc.isClosed(); i++) {
      this.nc.publish(subjects[i] as string, payloads[i]);
    }
  }
}
