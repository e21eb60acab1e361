import type { Link } from '../link.js';

/** A message that was heard, not stored: it is not sent again. */
export interface Heard {
  readonly subject: string;
  readonly data: Uint8Array;
}

export interface HearingOptions {
  readonly subject: string;
  /** Of all that listen under the same name, one hears each message. */
  readonly queue: string;
  onMessage(message: Heard): void;
  /** The server refuses it, now or later. */
  onRefused(error: Error): void;
}

/** Listens on a subject, also after each reconnect. Returns a function that stops it, and settles when everything heard was passed on. */
export function subscribe(link: Link, options: HearingOptions): () => Promise<void> {
  const sub = link.nc.subscribe(options.subject, {
    queue: options.queue,
    callback: (error, { subject, data }) => {
      if (error) options.onRefused(error);
      else options.onMessage({ subject, data });
    },
  });
  return async () => {
    if (sub.isClosed()) return;
    if (link.connected) await sub.drain().catch(() => {});
    else sub.unsubscribe();
  };
}
