import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { formatDuration } from '../domain/duration.js';
import { OperationError } from '../errors.js';
import type { Clock } from '../flow/clock.js';
import { suggestOther } from '../suggestion.js';
import { isRunning } from './process.js';

const POLL_MS = 20;
const STALE_AFTER_MS = 60_000;

export interface LockOptions {
  /** How long to wait for whoever holds it, ms. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Of this process: it is what others find in the lock file. */
  readonly pid: number;
}

/**
 * Runs `work` while holding a lock file, so that no other process does the same at that time. The lock of a
 * process that is gone is taken over; one that names none, after a minute.
 *
 * @throws OperationError `LOCKED` when it can't be had within `timeoutMs`.
 */
export async function withLock<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const { timeoutMs, clock } = options;
  const deadline = clock.monotonic() + timeoutMs;
  while (!(await tryLock(file, options))) {
    if (clock.monotonic() > deadline) {
      throw new OperationError(`another process has held ${file} for ${formatDuration(timeoutMs)}`, {
        code: 'LOCKED',
        suggestions: [suggestOther('rm', [file], { note: 'if no such process is running' })],
      });
    }
    await delay(POLL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function tryLock(file: string, { clock, pid }: LockOptions): Promise<boolean> {
  try {
    await writeFile(file, String(pid), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (await isStale(file, clock)) await removeStale(file, clock);
  return false;
}

/** Takes the file away by renaming it, and puts it back when it turns out that it was a new one meanwhile. */
async function removeStale(file: string, clock: Clock): Promise<void> {
  const taken = `${file}.${clock.uuid()}`;
  try {
    await rename(file, taken);
    if (!(await isStale(taken, clock))) await link(taken, file);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await rm(taken, { force: true });
  }
}

async function isStale(file: string, clock: Clock): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(file);
    const holder = Number(await readFile(file, 'utf8'));
    // Its maker was killed before it had written its number.
    if (!(holder > 0)) return clock.now() - mtimeMs > STALE_AFTER_MS;
    return !(await isRunning(holder));
  } catch {
    return false;
  }
}
