import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

// Node has it from version 22 on: on 20 nothing is ever kept.
const kept = 'enableCompileCache' in module;

/** A start must do what it should, whatever is in the folder, and say nothing of it. */
async function start(home: string, env: Record<string, string> = {}): Promise<void> {
  const run = await execa(process.execPath, [bin, 'config', 'schema'], {
    env: { ...env, XDG_CACHE_HOME: home },
    reject: false,
    timeout: 20_000,
    forceKillAfterDelay: 100,
  });
  expect(run).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining('"consumers"') });
}

const folderIn = (home: string) => join(home, 'plutomi-events', 'compiled');

/** The files of compiled code, by their paths in the folder. */
async function filesIn(home: string): Promise<string[]> {
  const folder = folderIn(home);
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).isFile()));
  return names.filter((_, i) => files[i]).toSorted();
}

test('compiled code is kept by Node, for this user alone', async () => {
  const home = await temporaryFolder();
  await start(home);
  expect((await filesIn(home)).length > 0).toBe(kept);
  if (kept) expect((await stat(folderIn(home))).mode & 0o077).toBe(0);
  await start(home);
});

test.each<[string, (code: Buffer) => Buffer]>([
  ['cut off', (code) => code.subarray(0, code.length / 2)],
  ['empty', () => Buffer.alloc(0)],
  ['of other content', (code) => Buffer.from(code.map((byte, i) => (i % 97 === 96 ? byte ^ 0xff : byte)))],
  [
    'of other content after its head',
    (code) => Buffer.concat([code.subarray(0, 64), Buffer.alloc(code.length - 64, 7)]),
  ],
])('a start does not mind a file that is %s', async (_, damage) => {
  const home = await temporaryFolder();
  await start(home);
  for (const name of await filesIn(home)) {
    const file = join(folderIn(home), name);
    await writeFile(file, damage(await readFile(file)));
  }
  await start(home);
});

test('nothing is kept in a folder that others can write to, that a link leads to, or that cannot be made', async () => {
  const open = await temporaryFolder();
  await mkdir(folderIn(open), { recursive: true });
  await chmod(folderIn(open), 0o777);
  await start(open);
  expect(await filesIn(open)).toEqual([]);

  const linked = await temporaryFolder();
  const elsewhere = await temporaryFolder();
  await mkdir(join(linked, 'plutomi-events'));
  await symlink(elsewhere, folderIn(linked));
  await start(linked);
  expect(await readdir(elsewhere)).toEqual([]);

  await start('/dev/null');
  await start('/proc');
});

test('Node’s own variables hold: another folder, or none', async () => {
  const home = await temporaryFolder();
  const other = await temporaryFolder();
  await start(home, { NODE_COMPILE_CACHE: other });
  await start(home, { NODE_DISABLE_COMPILE_CACHE: '1' });
  expect(await filesIn(home)).toEqual([]);
  expect((await readdir(other)).length > 0).toBe(kept);
});

test('many that start at once share it', async () => {
  const home = await temporaryFolder();
  await Promise.all(Array.from({ length: 6 }, () => start(home)));
  await start(home);
});
