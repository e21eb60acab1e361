import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import type * as Pino from 'pino';
import { messageOf } from '../../../errors.js';
import type { LogSink } from '../../../observe/log.js';

const require = createRequire(import.meta.url);

/** A pino transport, in a thread of its own. */
export interface LogTransport {
  /** The module of the transport: an absolute path. */
  readonly target: string;
  /** What it is given. */
  readonly options: Readonly<Record<string, unknown>>;
  /** How it is called in what is said of it. */
  readonly name: string;
}

/** What becomes of the lines that a transport was given. */
export type TransportTrouble =
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'ended'; readonly error: string }
  | { readonly kind: 'dropped'; readonly lines: number };

/** A transport that runs. */
export interface OpenTransport extends LogSink {
  /** Has it send what it has, for at most so many milliseconds. */
  close(limitMs: number): Promise<void>;
}

/**
 * Starts a transport. One that fails, or does not keep up, costs its own lines and nothing else. `tell` is called for each kind
 * of trouble, and not again while that stays the same.
 */
export function openTransport(
  { target, options }: LogTransport,
  tell: (trouble: TransportTrouble) => void,
): OpenTransport {
  const pino = require('pino') as typeof Pino;
  // Of the shape of one that can be written to, which its types leave out.
  const stream = pino.transport({ target, options: { ...options } }) as unknown as Writable;
  let last = '';
  let dropped = 0;
  let works = true;
  const tellOnce = (trouble: TransportTrouble & { readonly error: string }): void => {
    if (trouble.error !== last) tell(trouble);
    last = trouble.error;
  };
  const end = (error: unknown): void => {
    if (works) tellOnce({ kind: 'ended', error: messageOf(error).split('\n')[0] ?? '' });
    works = false;
  };
  // A thread that has ended is written to no more; what it could not send, it says itself.
  stream.on('error', end);
  stream.on('close', () => end('its thread has ended'));
  stream.on('failed', (error: unknown) => tellOnce({ kind: 'failed', error: String(error) }));
  stream.on('sent', () => {
    last = '';
  });
  stream.on('drain', () => {
    if (dropped > 0) tell({ kind: 'dropped', lines: dropped });
    dropped = 0;
  });
  return {
    write(line) {
      if (!works) return;
      if (stream.writableNeedDrain) dropped++;
      else stream.write(line);
    },
    async close(limitMs) {
      if (!works) return;
      works = false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        stream.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
        stream.end();
      });
    },
  };
}
