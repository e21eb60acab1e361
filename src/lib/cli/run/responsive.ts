import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** A child that does not answer for so long has an event loop that stands still. */
const patienceMs = 2000;

/** This process is such a child. */
export function isResponsiveChild(): boolean {
  return process.connected === true;
}

/** Answers the process that watches this one, as long as the event loop turns; without it, it is as after Ctrl-C. */
export function answerParent(): void {
  process.on('message', () => process.send?.('here'));
  process.on('disconnect', () => process.kill(process.pid, 'SIGINT'));
  // Listening alone is no reason to stay.
  process.channel?.unref();
}

/** A child that can be interrupted whatever it does. */
export interface ResponsiveChild {
  /** Asks it to end; one that can't hear is ended, and `onBlocked` called before. */
  interrupt(onBlocked: () => void): void;
  /** Its exit code; 130 where it had to be ended. */
  readonly ended: Promise<number>;
}

/**
 * Runs this same command once more, as a child: a handler that never yields blocks the event loop of its process, which
 * then hears no signal. Ctrl-C reaches both; the same request twice is one.
 */
export function startResponsiveChild(): ResponsiveChild {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  let isBlocked = false;
  let waiting: NodeJS.Timeout | undefined;
  child.on('message', () => {
    clearTimeout(waiting);
    waiting = undefined;
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(waiting);
      resolve(isBlocked ? 130 : (code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  });
  return {
    ended,
    interrupt: (onBlocked) => {
      child.kill('SIGINT');
      // It may have ended meanwhile.
      child.send('there?', () => {});
      waiting ??= setTimeout(() => {
        isBlocked = true;
        onBlocked();
        child.kill('SIGKILL');
      }, patienceMs);
    },
  };
}
