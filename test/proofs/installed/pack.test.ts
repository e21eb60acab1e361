import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { installPackage } from '../../support/installed-package.js';
import { natsForTest } from '../../support/pipeline.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const config = {
  name: 'packed',
  events: { job: {} },
  consumers: { worker: { events: ['job'], handler: './handler.mjs', attempts: 3, retry: false } },
};

test('the packed package, installed elsewhere, runs a pipeline whose handler imports Reject from it', async () => {
  const folder = await temporaryFolder();
  const project = join(folder, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{"name":"project","private":true,"type":"module"}');
  await installPackage(project);
  await writeFile(join(project, 'plutomi-events.config.json'), JSON.stringify(config));
  await writeFile(
    join(project, 'handler.mjs'),
    "import { Reject } from 'plutomi-events';\nexport default () => { throw new Reject('not here'); };\n",
  );
  await writeFile(
    join(project, 'use.mjs'),
    "import * as lib from 'plutomi-events';\nconsole.log(typeof lib.defineConfig, typeof lib.runPipeline, typeof lib.connect);\n",
  );
  const server = await natsForTest();
  const options = { cwd: project, env: { NATS_URL: server.url }, reject: false } as const;
  const cli = (words: string[]) =>
    execa(join(project, 'node_modules', '.bin', 'plutomi-events'), words, options);

  expect((await cli(['pipeline', 'apply', '--check'])).exitCode).toBe(3);
  expect((await cli(['pipeline', 'apply', '--yes'])).exitCode).toBe(0);
  expect((await cli(['pipeline', 'apply', '--check'])).exitCode).toBe(0);
  expect((await cli(['--version'])).stdout).toMatch(/^plutomi-events\/\d/);
  expect((await execa('node', ['use.mjs'], { cwd: project })).stdout).toBe('function function function');

  const schema = await readFile(join(project, 'node_modules/plutomi-events/schema.json'), 'utf8');
  expect(JSON.parse(schema)).toEqual(JSON.parse((await cli(['config', 'schema'])).stdout));

  const run = cli(['pipeline', 'run']);
  expect((await cli(['events', 'publish', 'job'])).exitCode).toBe(0);
  await expect
    .poll(async () => JSON.parse((await cli(['dlq', 'list', '--json'])).stdout).items, { timeout: 20_000 })
    .toMatchObject([
      { id: 'worker/1', reason: expect.stringContaining('not here'), attempts: { main: 1, retry: 0 } },
    ]);
  run.kill('SIGTERM');
  expect((await run).exitCode).toBe(0);
}, 120_000);

test('every link of the README, and of the pages that it leads to, is to a file of the package', async () => {
  const { stdout } = await execa('npm', ['pack', '--ignore-scripts', '--dry-run', '--json'], { cwd: root });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const packed = new Set(files.map(({ path }) => path));
  const seen = new Set(['README.md']);
  const dangling: string[] = [];
  for (const page of seen) {
    const text = await readFile(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)|src(?:set)?="([^"]+)"/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    );
    for (const link of links) {
      if (/^\w+:/.test(link)) continue;
      const target = posix.join(posix.dirname(page), link);
      if (!packed.has(target)) dangling.push(`${page}: ${link}`);
      else if (target.endsWith('.md')) seen.add(target);
    }
  }
  expect(dangling).toEqual([]);
  expect(seen.size).toBeGreaterThan(10);
});
