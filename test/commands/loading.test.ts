import { readFile, writeFile } from 'node:fs/promises';
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
    env: { LOADED_FILES: list, NATS_URL: url },
    stdin: 'ignore',
  });
  const files = [...new Set((await readFile(list, 'utf8')).trim().split('\n'))];
  return files.map((file) => file.replace(root, '')).filter((file) => !file.startsWith('test/support/'));
}

const start = [
  'package.json',
  'bin/run.js',
  'dist/lib/cli/start.js',
  'dist/chunks/oclif.js',
  'dist/chunks/rolldown-runtime.js',
];

describe('loads no more than it runs', () => {
  test('--version: what was started, and where the version stands', async () => {
    expect(await loadedBy('bin/run.js', ['--version'])).toEqual(['bin/run.js', 'package.json']);
  });

  test('--help: oclif and what lays its text out, and no command', async () => {
    const layout = ['ejs', 'string-width', 'wrap-ansi'].map((name) => `dist/chunks/${name}.cjs`);
    expect((await loadedBy('bin/run.js', ['--help'])).toSorted()).toEqual([...start, ...layout].toSorted());
  });

  test('dlq list --json: its own code, the client and the config; no package, no table', async () => {
    const { url } = await natsForTest();
    await execa(process.execPath, [join(root, 'bin/run.js'), 'pipeline', 'apply', '--yes'], {
      cwd: await folderWithConfig(),
      env: { NATS_URL: url },
    });
    const parts = ['base', 'command', 'config', 'dlq'].map((name) => `dist/chunks/${name}.js`);
    const expected = [...start, 'dist/commands/dlq/list.js', ...parts];
    expect((await loadedBy('bin/run.js', ['dlq', 'list', '--json'], url)).toSorted()).toEqual(
      expected.toSorted(),
    );
  });

  test('the library: no command and nothing of oclif', async () => {
    const loaded = await loadedBy('dist/lib/index.js');
    expect(loaded).toContain('dist/chunks/base.js');
    expect(loaded.filter((file) => /commands|command\.js|oclif|inquirer/.test(file))).toEqual([]);
  });
});

async function folderWithConfig(): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
  return folder;
}
