import type { Msg, Subscription } from '@nats-io/transport-node';
import { translateError } from '../errors.js';
import type { Link } from '../link.js';
import { leave } from './leave.js';
import { headersOf, type MessageHeaders } from '../wire/message.js';

/** A message that was heard, not stored: it is not sent again. */
export class Heard {
  constructor(private readonly msg: Msg) {}

  get subject(): string {
    return this.msg.subject;
  }
  get data(): Uint8Array {
    return this.msg.data;
  }
  get headers(): MessageHeaders {
    return headersOf(this.msg.headers);
  }
}

export interface HearingOptions {
  readonly subject: string;
  /** Of all that listen under the same name, one hears each message. Default: everybody hears each. */
  readonly queue?: string;
  onMessage(message: Heard): void;
  /** The server refuses it, now or later. */
  onRefused(error: Error): void;
}

/**
 * Listens on a subject, also after each reconnect. Returns a function that stops it, and settles when everything heard
 * was passed on. Throws ClosedError.
 */
export function subscribe(link: Link, options: HearingOptions): () => Promise<void> {
  const sub = listen(link, options);
  return () => leave(sub, link);
}

function listen(link: Link, options: HearingOptions): Subscription {
  const { subject, queue } = options;
  try {
    return link.nc.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, msg) => {
        if (error) options.onRefused(error);
        else options.onMessage(new Heard(msg));
      },
    });
  } catch (error) {
    throw translateError(error, `listen on ${subject}`);
  }
}
