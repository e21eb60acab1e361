import type { WriteStream } from 'node:tty';
// When oclif is loaded it sees to it that what a stream can't write is thrown: it is loaded before that is undone.
import '@oclif/core/command';

/** What a stream could not write, by stream: its reader has left, or the disk is full. */
const failures = new Map<WriteStream, NodeJS.ErrnoException>();

/** From now on output that can't be written ends nothing: a command finishes what it has begun, read or not. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error');
    stream.on('error', (error: NodeJS.ErrnoException) => failures.set(stream, error));
  }
}

/** A terminal that does not know its size says 0, as a serial line or a new container does: it is taken for the usual one. */
export function assumeSizes(streams: readonly WriteStream[] = [process.stdout, process.stderr]): void {
  for (const stream of streams) {
    if (stream.columns === 0) stream.columns = 80;
    if (stream.rows === 0) stream.rows = 24;
  }
}

/** Why nothing can be written to the stream any more; undefined: it can. */
export function writeFailure(stream: WriteStream): NodeJS.ErrnoException | undefined {
  return failures.get(stream);
}

/** Resolves when all that was written to the stream has left, or can't leave any more: after `withinMs` it can't. */
export function flushed(stream: WriteStream, withinMs?: number): Promise<void> {
  if (failures.has(stream)) return Promise.resolve();
  return new Promise((resolve) => {
    const giveUp = (): void => {
      failures.set(stream, new Error('its reader does not read it'));
      resolve();
    };
    const timer = withinMs === undefined ? undefined : setTimeout(giveUp, withinMs);
    stream.write('', () => {
      clearTimeout(timer);
      // A failure is reported after the callback.
      setImmediate(resolve);
    });
  });
}
