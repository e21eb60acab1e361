import { once } from 'node:events';

/**
 * Waits for a module of the user to load. One that never ends loading, or ends the process as if all were well, would
 * look like success to whoever started it: both are errors.
 */
export async function untilLoaded<T>(load: () => Promise<T>): Promise<T> {
  const stuck = new AbortController();
  const never = once(stuck.signal, 'abort').then(() => {
    throw new Error('it waits (await) for something that never comes');
  });
  // Nothing is left that could make it go on.
  const onEnd = (): void => stuck.abort();
  process.once('beforeExit', onEnd);
  forbidExit();
  try {
    return await Promise.race([load(), never]);
  } finally {
    allowExit();
    process.off('beforeExit', onEnd);
  }
}

let loading = 0;
let exit = process.exit.bind(process);

function forbidExit(): void {
  if (loading++ > 0) return;
  const exitNow = process.exit.bind(process);
  exit = exitNow;
  process.exit = (code) => {
    // What says that something failed is heard; so is a signal.
    if (Number(code ?? process.exitCode ?? 0) !== 0) exitNow(code);
    throw new Error('it called process.exit');
  };
}

function allowExit(): void {
  if (--loading === 0) process.exit = exit;
}
