import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Clock } from '../flow/clock.js';

const POLL_MS = 10;

/**
 * The command line of a running process, words separated by spaces; undefined when there is none with this
 * pid. A process that has ended and was not yet reaped counts as gone.
 */
export async function readCommandLine(pid: number): Promise<string | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  try {
    if (process.platform === 'linux') {
      const words = await readFile(`/proc/${pid}/cmdline`, 'utf8');
      return words === '' ? undefined : words.replaceAll('\0', ' ').trimEnd();
    }
    // Loaded here: most commands read a command line, and Linux has it in a file.
    const { execFile } = await import('node:child_process');
    const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]);
    return stdout.trim() === '' ? undefined : stdout.trim();
  } catch {
    return undefined;
  }
}

/**
 * Whether a process has not ended, whoever it belongs to. A signal still reaches one that has ended and was not yet
 * reaped, but it has no command line any more; that of a process that is hidden from this user can't be read.
 */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (process.platform !== 'linux') return true;
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)) !== '';
}

/** Whether `pid` is a nats-server that keeps its data in `storeDir`. A pid that was given to another process is not. */
export async function isServerOf(pid: number, storeDir: string): Promise<boolean> {
  const line = await readCommandLine(pid);
  return line !== undefined && `${line} `.includes(`--store_dir ${storeDir} `);
}

/**
 * Asks a nats-server to stop, and kills it when it has not ended within `graceMs`. Does nothing when the pid
 * is not a nats-server of this store.
 */
export async function stopServerProcess(
  pid: number,
  storeDir: string,
  graceMs: number,
  clock: Clock,
): Promise<void> {
  if (!(await isServerOf(pid, storeDir))) return;
  signal(pid, 'SIGTERM');
  if (await ended(pid, storeDir, graceMs, clock)) return;
  signal(pid, 'SIGKILL');
  await ended(pid, storeDir, graceMs, clock);
}

async function ended(pid: number, storeDir: string, withinMs: number, clock: Clock): Promise<boolean> {
  const deadline = clock.monotonic() + withinMs;
  while (await isServerOf(pid, storeDir)) {
    if (clock.monotonic() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
