import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { natsForTest } from '../support/pipeline.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// What is loaded decides how soon a command answers. It is counted here and timed in bench/cases/start.mjs.

const root = fileURLToPath(new URL('../../', import.meta.url));
const preload = pathToFileURL(join(root, 'test/support/loaded-files.mjs')).href;

const config = { name: 'loading', consumers: { worker: { subjects: ['events.a'], external: true } } };

/** The files that a process of Node loads, relative to the package. */
async function loadedBy(script: string, words: readonly string[] = [], url = ''): Promise<string[]> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
  const list = join(folder, 'loaded');
  await execa(process.execPath, ['--import', preload, join(root, script), ...words], {
    cwd: folder,
    env: { LOADED_FILES: list, NATS_URL: url, NODE_DISABLE_COMPILE_CACHE: '1' },
    stdin: 'ignore',
  });
  const files = [...new Set((await readFile(list, 'utf8')).trim().split('\n'))];
  return files.map((file) => file.replace(root, '')).filter((file) => !file.startsWith('test/support/'));
}

const start = [
  'package.json',
  'bin/run.js',
  'dist/chunks/load.js',
  'dist/lib/cli/start.js',
  'dist/lib/cli/start.cjs',
  'dist/chunks/oclif.cjs',
  'dist/chunks/rolldown-runtime.cjs',
];

describe('loads no more than it runs', () => {
  test('--version: what was started, and where the version stands', async () => {
    expect(await loadedBy('bin/run.js', ['--version'])).toEqual(['bin/run.js', 'package.json']);
  });

  test('--help: oclif and what lays its text out, and no command', async () => {
    const chunks = ['base', 'command', 'ejs', 'string-width', 'wrap-ansi'].map(
      (name) => `dist/chunks/${name}.cjs`,
    );
    const layout = ['dist/lib/cli/help.js', 'dist/lib/cli/help.cjs', ...chunks];
    expect((await loadedBy('bin/run.js', ['--help'])).toSorted()).toEqual([...start, ...layout].toSorted());
  });

  test('dlq list --json: its own code, the client and the config; no package, no table', async () => {
    const { url } = await natsForTest();
    await execa(process.execPath, [join(root, 'bin/run.js'), 'pipeline', 'apply', '--yes'], {
      cwd: await folderWithConfig(),
      env: { NATS_URL: url },
    });
    const parts = ['base', 'command', 'config', 'dlq'].map((name) => `dist/chunks/${name}.cjs`);
    const command = ['js', 'cjs'].map((extension) => `dist/commands/dlq/list.${extension}`);
    const expected = [...start, ...command, ...parts];
    expect((await loadedBy('bin/run.js', ['dlq', 'list', '--json'], url)).toSorted()).toEqual(
      expected.toSorted(),
    );
  });

  test('the library: no command and nothing of oclif', async () => {
    const loaded = await loadedBy('dist/lib/index.js');
    expect(loaded).toContain('dist/chunks/base.cjs');
    expect(loaded.filter((file) => /commands|command\.cjs|oclif|inquirer/.test(file))).toEqual([]);
  });
});

describe('the code that V8 makes of dist is kept for the next start', () => {
  const build = (home: string) => join(home, 'plutomi-events', 'code');

  async function start(home: string, env: Record<string, string> = {}): Promise<void> {
    const run = await execa(process.execPath, [join(root, 'bin/run.js'), 'config', 'schema'], {
      env: { ...env, XDG_CACHE_HOME: home },
      reject: false,
    });
    expect(run).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining('"consumers"') });
  }

  /** Runs a command; gives its kept code by name: what of a file changes when it is written again. */
  async function kept(home: string, env: Record<string, string> = {}): Promise<Record<string, number>> {
    await start(home, env);
    const names = await readdir(build(home), { recursive: true }).catch(() => []);
    const files = names.filter((name) => name.includes('/'));
    return Object.fromEntries(
      await Promise.all(
        files.map(async (name) => [name, (await stat(join(build(home), name))).ino] as const),
      ),
    );
  }

  test('for this user alone, and taken from then on', async () => {
    const home = await temporaryFolder();
    const first = await kept(home);
    expect(Object.keys(first).join()).toContain('oclif.cjs');
    for (const name of ['', ...Object.keys(first)]) {
      expect((await stat(join(build(home), name))).mode & 0o077).toBe(0);
    }
    // What V8 refuses would be written again.
    expect(await kept(home)).toEqual(first);
  });

  test.each<[string, (file: string, code: Buffer) => Promise<void>]>([
    [
      'that of another V8',
      (file, code) => writeFile(file, Buffer.concat([Buffer.alloc(8), code.subarray(8)])),
    ],
    ['cut off', (file, code) => writeFile(file, code.subarray(0, code.length / 2))],
    ['empty', (file) => writeFile(file, '')],
  ])('a file that is %s is not taken, and written again', async (_, damage) => {
    const home = await temporaryFolder();
    const first = await kept(home);
    for (const name of Object.keys(first)) {
      const file = join(build(home), name);
      await damage(file, await readFile(file));
    }
    const second = await kept(home);
    expect(Object.keys(second)).toEqual(Object.keys(first));
    for (const [name, inode] of Object.entries(first))
      expect([name, second[name]]).not.toEqual([name, inode]);
    expect(await kept(home)).toEqual(second);
  });

  test('for each set of flags of V8', async () => {
    const home = await temporaryFolder();
    const plain = await kept(home);
    const flags = { NODE_OPTIONS: '--max-old-space-size=500' };
    const both = await kept(home, flags);
    expect(Object.keys(both)).toHaveLength(2 * Object.keys(plain).length);
    expect(both).toMatchObject(plain);
    expect(await kept(home, flags)).toEqual(both);
    expect(await kept(home)).toEqual(both);
  });

  test('not where the user says so, or where it cannot be', async () => {
    const home = await temporaryFolder();
    expect(await kept(home, { NODE_DISABLE_COMPILE_CACHE: '1' })).toEqual({});
    expect(await kept('/dev/null')).toEqual({});
  });

  test('not in a folder that others can write to: nothing of it is taken, nothing written', async () => {
    const home = await temporaryFolder();
    const first = await kept(home);
    const [folder = ''] = await readdir(build(home));
    await chmod(join(build(home), folder), 0o777);
    for (const name of Object.keys(first)) await writeFile(join(build(home), name), '');
    expect(await kept(home)).toEqual(first);
    for (const name of Object.keys(first)) expect((await stat(join(build(home), name))).size).toBe(0);
  });

  test('by many that start at once', async () => {
    const home = await temporaryFolder();
    await Promise.all(Array.from({ length: 6 }, () => start(home)));
    const after = await kept(home);
    expect(Object.keys(after).filter((name) => !name.endsWith('.cjs'))).toEqual([]);
    expect(await kept(home)).toEqual(after);
  });
});

async function folderWithConfig(): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
  return folder;
}
