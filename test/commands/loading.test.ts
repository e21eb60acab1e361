import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { makeProject } from '../support/project.js';
import { natsForTest } from '../support/pipeline.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// What is loaded decides how soon a command answers. It is counted here and timed in bench/cases/start.mjs.

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

/** The packages whose code is in the files that a command loads, those that it loads from node_modules among them. */
async function packagesOf(
  words: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
) {
  const list = join(await temporaryFolder(), 'loaded');
  const hook = `
    import { appendFileSync } from 'node:fs';
    export async function load(url, context, next) { appendFileSync(${JSON.stringify(list)}, url + '\\n'); return next(url, context); }`;
  // What one CommonJS file requires of another no hook sees.
  const register = `
    import { appendFileSync } from 'node:fs';
    import { createRequire, register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));
    process.on('exit', () => {
      for (const file of Object.keys(createRequire('/x.js').cache)) {
        appendFileSync(${JSON.stringify(list)}, 'file://' + file + '\\n');
      }
    });`;
  const preload = `data:text/javascript,${encodeURIComponent(register)}`;
  const { exitCode } = await execa(process.execPath, ['--import', preload, bin, ...words], {
    ...options,
    stdin: 'ignore',
  });
  expect(exitCode).toBe(0);
  const files = (await readFile(list, 'utf8')).split('\n').filter((url) => url.startsWith('file:'));
  const texts = await Promise.all(files.map((url) => readFile(fileURLToPath(url), 'utf8')));
  const names = [...files, ...texts].flatMap((text) => [
    ...text.matchAll(/(?:^\/\/(?:#region)? |^file:.*\/)node_modules\/((?:@[^/\n]+\/)?[^/\n]+)/gm),
  ]);
  return { packages: new Set(names.map(([, name]) => name)), files };
}

const late = ['inquirer', 'jiti', 'pino', 'pino-pretty', 'cli-table3'];

test.each([[[]], [['-h']], [['--help']], [['dlq', 'list', '--help']]])(
  'help (%j) loads no command, and nothing of the client',
  async (words) => {
    const { packages, files } = await packagesOf(words);
    expect(packages).toContain('@oclif/core');
    expect(files.filter((file) => file.includes('/commands/'))).toEqual([]);
    expect(['@nats-io/nats-core', 'zod', ...late].filter((name) => packages.has(name))).toEqual([]);
  },
);

test('a command loads the client, and nothing that it does not use', async () => {
  const { url } = await natsForTest();
  const consumers = { worker: { subjects: ['events.a'], external: true } };
  const project = await makeProject(url, { name: 'loading', consumers }, {});
  expect((await project.cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);
  const options = { cwd: project.folder, env: { NATS_URL: url, HOME: join(project.folder, 'home') } };
  const { packages } = await packagesOf(['dlq', 'list', '--json'], options);
  for (const name of ['@oclif/core', '@nats-io/nats-core', 'zod']) expect(packages).toContain(name);
  expect(late.filter((name) => packages.has(name))).toEqual([]);
});
