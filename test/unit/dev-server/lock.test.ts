import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type LockOptions, withLock } from '../../../src/lib/dev-server/lock.js';
import { readCommandLine } from '../../../src/lib/dev-server/process.js';
import { type Clock, systemClock } from '../../../src/lib/flow/clock.js';
import { eventually } from '../../support/eventually.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const waiting = (timeoutMs: number, clock: Clock = systemClock): LockOptions => ({
  timeoutMs,
  clock,
  pid: process.pid,
});

test('one at a time, and the lock is gone afterwards, also after an error', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'lock');
  let inside = 0;
  const work = async (): Promise<number> => {
    inside++;
    await new Promise((resolve) => setImmediate(resolve));
    return inside--;
  };
  const all = await Promise.all(Array.from({ length: 8 }, () => withLock(file, waiting(10_000), work)));
  expect(all).toEqual(Array(8).fill(1));
  await expect(withLock(file, waiting(1_000), () => Promise.reject(new Error('boom')))).rejects.toThrow(
    'boom',
  );
  expect(await readdir(folder)).toEqual([]);
});

test('the lock of a live process holds until the deadline', async () => {
  const file = join(await temporaryFolder(), 'lock');
  await writeFile(file, String(process.pid));
  await expect(withLock(file, waiting(50), async () => 'work')).rejects.toMatchObject({ code: 'LOCKED' });
});

test('the lock of a process that is gone is taken over', async () => {
  const file = join(await temporaryFolder(), 'lock');
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  await writeFile(file, String(child.pid));
  expect(await withLock(file, waiting(5_000), async () => 'work')).toBe('work');
});

test.skipIf(process.platform !== 'linux')(
  'the lock of a process that has ended is taken over, also where nobody reaps it',
  async () => {
    const file = join(await temporaryFolder(), 'lock');
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 61'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(said.toString());
    // From then on it waits for no child.
    await eventually(
      'the shell is gone',
      async () => (await readCommandLine(parent.pid ?? 0)) === 'sleep 61',
    );
    process.kill(pid, 'SIGKILL');
    const isZombie = async (): Promise<boolean> =>
      (await readFile(`/proc/${pid}/stat`, 'utf8')).includes(') Z ');
    await eventually('it is a zombie', isZombie);
    await writeFile(file, String(pid));
    expect(await withLock(file, waiting(1_000), async () => 'work')).toBe('work');
    expect(await isZombie()).toBe(true);
  },
);

test('process 1 lives', async () => {
  const file = join(await temporaryFolder(), 'lock');
  await writeFile(file, '1');
  await expect(withLock(file, waiting(50), async () => 'work')).rejects.toMatchObject({ code: 'LOCKED' });
});

test('the lock of a process that lives is never taken over, however old it is', async () => {
  const file = join(await temporaryFolder(), 'lock');
  await writeFile(file, String(process.pid));
  await utimes(file, 0, 0);
  await expect(withLock(file, waiting(100), async () => 'work')).rejects.toMatchObject({ code: 'LOCKED' });
});

test('a lock that names no process is taken over after a minute', async () => {
  const file = join(await temporaryFolder(), 'lock');
  await writeFile(file, '');
  const madeAt = (await stat(file)).mtimeMs;
  const at = (ms: number): Clock => ({ ...systemClock, now: () => ms });
  await expect(withLock(file, waiting(0, at(madeAt + 60_000)), async () => 'work')).rejects.toMatchObject({
    code: 'LOCKED',
  });
  expect(await withLock(file, waiting(5_000, at(madeAt + 60_001)), async () => 'work')).toBe('work');
});

test('the lock file names the process that holds it', async () => {
  const file = join(await temporaryFolder(), 'lock');
  const options = { ...waiting(0), pid: 4711 };
  expect(await withLock(file, options, () => readFile(file, 'utf8'))).toBe('4711');
});
