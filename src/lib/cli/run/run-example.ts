import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { LaidOut } from '../../examples/lay-out.js';

/** How an example is started. */
export interface StartExample {
  readonly laidOut: LaidOut;
  readonly env: NodeJS.ProcessEnv;
  /** Its output goes to stderr: stdout is for the result. */
  readonly quiet: boolean;
  /** Asks it to end. */
  readonly signal: AbortSignal;
}

/** Runs an example to its end, and gives its exit code; nothing that it has started is left. */
export async function runExample({ laidOut, env, quiet, signal }: StartExample): Promise<number> {
  const child = spawn(process.execPath, [join(laidOut.place, 'example.mjs')], {
    cwd: laidOut.place,
    env,
    // The channel tells it when this process is gone.
    stdio: ['ignore', quiet ? 2 : 'inherit', 'inherit', 'ipc'],
    // In a session of its own: a terminal would send Ctrl-C to both, and what is passed on would count as the second.
    detached: true,
  });
  const ask = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', ask);
  if (signal.aborted) ask();
  const endGroup = (): void => killGroup(child.pid);
  process.once('exit', endGroup);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code, name) => resolve(code ?? 128 + (name ? constants.signals[name] : 0)));
    });
  } finally {
    signal.removeEventListener('abort', ask);
    process.removeListener('exit', endGroup);
    endGroup();
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of them have ended.
  }
}
