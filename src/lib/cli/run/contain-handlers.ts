import { messageOf } from '../../errors.js';

/**
 * While handlers run in a command that has a result of its own: what they print goes to stderr, `process.exit` is a
 * failure of the handler that calls it, and what nobody catches is told and ends nothing. Returns a function that stops
 * it.
 */
export function containHandlers(onStray: (message: string) => void): () => void {
  const exit = process.exit.bind(process);
  // Its own property again when it is put back.
  const write = process.stdout.write.bind(process.stdout);
  process.exit = (code) => {
    throw new Error(`the handler called process.exit(${code ?? ''})`);
  };
  process.stdout.write = process.stderr.write.bind(process.stderr);
  const stray = (error: unknown): void => onStray(messageOf(error));
  process.on('uncaughtException', stray);
  process.on('unhandledRejection', stray);
  return () => {
    process.exit = exit;
    process.stdout.write = write;
    process.off('uncaughtException', stray);
    process.off('unhandledRejection', stray);
  };
}

/** Does this; what configs and handlers print meanwhile goes to stderr: a result on stdout has nothing else in it. */
export async function printingToStderr<T>(work: () => Promise<T>): Promise<T> {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
}
