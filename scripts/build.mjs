// Builds dist and schema.json from src: tsc checks the types and writes the library as plain modules (dist/lib), rolldown bundles the
// command line (dist/cli); again after each change with --watch. The result takes dist's place only when it is
// complete, so that a failed build breaks nothing, and the output of sources that were deleted does not stay behind.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from './bundle.mjs';
import { buildStamp, cacheFolder, root } from './places.mjs';

const [fresh, previous] = ['dist', 'previous'].map((name) => join(cacheFolder, `${name}-${process.pid}`));
const dist = join(root, 'dist');

await build();
if (process.argv.includes('--watch')) {
  for await (const _ of watch(join(root, 'src'), { recursive: true })) await build();
}

async function build() {
  const startedAt = new Date();
  mkdirSync(cacheFolder, { recursive: true });
  try {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const words = [tsc, '--project', 'tsconfig.lib.json', '--outDir', fresh];
    const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit' });
    if (status === 0) {
      await writeSchema();
      writeFileSync(join(fresh, 'THIRD-PARTY-NOTICES.txt'), await bundle(join(fresh, 'cli')));
      install(startedAt);
    }
    process.exitCode = status ?? 1;
  } finally {
    for (const folder of [fresh, previous]) rmSync(folder, { recursive: true, force: true });
  }
}

/** For `"$schema": "./node_modules/plutomi-events/schema.json"` in a config. */
async function writeSchema() {
  const { configJsonSchema } = await import(pathToFileURL(join(fresh, 'lib', 'internals.js')).href);
  writeFileSync(join(root, 'schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
}

function install(startedAt) {
  if (existsSync(dist)) renameSync(dist, previous);
  renameSync(fresh, dist);
  chmodSync(join(root, 'bin', 'run.js'), 0o755);
  writeFileSync(buildStamp, '');
  utimesSync(buildStamp, startedAt, startedAt);
}
