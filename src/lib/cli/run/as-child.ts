import { spawn } from 'node:child_process';
import { constants } from 'node:os';

export interface Child {
  signal(name: NodeJS.Signals): void;
  /** Its exit code; for one that a signal ended, 128 and the signal's number. */
  readonly ended: Promise<number>;
}

/**
 * Runs this same command once more, as a child. As the first process of a container nothing could end it from
 * inside: the kernel ignores the SIGKILL that process 1 sends to itself.
 */
export function startAsChild(): Child {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    // In a session of its own: a terminal would send Ctrl-C to both, and what is passed on would count as the second.
    detached: true,
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
  return { signal: (name) => void child.kill(name), ended };
}
