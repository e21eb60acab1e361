import { closeSync, constants, createReadStream, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './temporary-folder.js';

/** A pipe whose reader stays and reads nothing. It is full from the start, of empty lines. */
export interface UnreadPipe {
  /** For a child's `stdio`. */
  readonly fd: number;
  /** It is read from now on; ends when no child has it any more. */
  read(): Readable;
}

export async function openUnreadPipe(): Promise<UnreadPipe> {
  const path = join(await temporaryFolder(), 'pipe');
  await execa('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const close = (): void => {
    if (fd !== -1) closeSync(fd);
    fd = -1;
  };
  onTestFinished(() => {
    close();
    closeSync(reader);
  });
  try {
    for (const filler = Buffer.alloc(4096, '\n'); ; ) writeSync(fd, filler);
  } catch {
    // Full.
  }
  return {
    fd,
    read: () => {
      const stream = createReadStream('', { fd: openSync(path, constants.O_RDONLY) });
      close();
      return stream;
    },
  };
}
