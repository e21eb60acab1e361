import { type Msg, NoRespondersError } from '@nats-io/transport-node';
import { translateError } from '../errors.js';
import type { Inbox, PendingRequest } from './inbox.js';

/** More of the answer is to come. */
export const more = Symbol('more');

class Request<T> implements PendingRequest {
  headers = '';
  deadline = 0;
  size = 0;

  constructor(
    readonly what: string,
    readonly subject: string,
    public payload: string,
    readonly timeoutMs: number,
    private readonly read: (msg: Msg) => T | typeof more,
    private readonly resolve: (value: T) => void,
    readonly fail: (error: Error) => void,
  ) {}

  take(msg: Msg): boolean {
    try {
      if (msg.data.length === 0 && msg.headers?.code === 503) throw new NoRespondersError(this.subject);
      const value = this.read(msg);
      if (value === more) return false;
      this.resolve(value);
    } catch (error) {
      this.fail(translateError(error, this.what));
    }
    return true;
  }
}

/** Requests over a connection's inbox, whose answers may be several messages. */
export class Requests {
  constructor(
    private readonly inbox: Inbox,
    /** For each answer, and between the messages of a long one, ms. */
    private readonly timeoutMs: number,
  ) {}

  /**
   * Asks, and gives what `read` makes of the answer; `read` returns `more` while the answer goes on. `what` is
   * being done, for errors: throws UnreachableError, NotAllowedError and what `read` throws, translated.
   */
  ask<T>(what: string, subject: string, payload: string, read: (msg: Msg) => T | typeof more): Promise<T> {
    return new Promise((resolve, reject) => {
      this.inbox.ask(new Request(what, subject, payload, this.timeoutMs, read, resolve, reject));
    });
  }
}
