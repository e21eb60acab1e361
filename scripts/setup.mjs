// Makes a clone ready to run: dependencies, build, and a nats-server. Does nothing, quietly, when all is there.
// Uses nothing but Node, because it runs before anything is installed.
//
//   node scripts/setup.mjs [--server-version <version>]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildStamp, dependenciesStamp, root } from './places.mjs';
import { readFlags } from './read-flags.mjs';

const flags = readFlags('setup', { 'server-version': { type: 'string' } });

ensureDependencies();
ensureBuild();
await ensureServer();

function ensureDependencies() {
  const lockFile = join(root, 'package-lock.json');
  const lock = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  if (readOrEmpty(dependenciesStamp) === lock) return;
  if (!isInstalledFrom(lockFile)) {
    const words = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
    step('installing the dependencies (npm ci)', 'npm', words);
  }
  mkdirSync(dirname(dependenciesStamp), { recursive: true });
  writeFileSync(dependenciesStamp, lock);
}

// npm writes a lock file of its own into node_modules, as the last thing and up to a moment before the other.
function isInstalledFrom(lockFile) {
  const installed = join(root, 'node_modules', '.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs + 1_000 > statSync(lockFile).mtimeMs;
}

function ensureBuild() {
  const builtAtMs =
    existsSync(join(root, 'dist')) && existsSync(buildStamp) ? statSync(buildStamp).mtimeMs : 0;
  // The bundle holds code of the dependencies too.
  const sources = ['src', 'scripts'].map((name) => newestMs(join(root, name)));
  if (Math.max(...sources, statSync(join(root, 'package-lock.json')).mtimeMs) <= builtAtMs) return;
  step('building', process.execPath, [join(root, 'scripts', 'build.mjs')]);
}

function newestMs(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((newest, entry) => {
    const path = join(folder, entry.name);
    return Math.max(newest, entry.isDirectory() ? newestMs(path) : statSync(path).mtimeMs);
  }, statSync(folder).mtimeMs);
}

async function ensureServer() {
  const { locate, install } = await import('./server.mjs');
  try {
    const wanted = flags['server-version'];
    if (wanted === undefined && (await locate()) !== undefined) return;
    await install(wanted, (line) => process.stderr.write(`setup: ${line}\n`));
  } catch (error) {
    fail(error.message, error.suggestions);
  }
}

function step(name, command, words) {
  const startedMs = performance.now();
  process.stderr.write(`setup: ${name} ... `);
  const { status, error, stdout, stderr } = spawnSync(command, words, { cwd: root, encoding: 'utf8' });
  if (status !== 0) {
    process.stderr.write('failed\n');
    fail(
      `${command} ${words.join(' ')}: ${error?.message ?? `exit code ${status}`}\n${stdout ?? ''}${stderr ?? ''}`,
    );
  }
  process.stderr.write(`${((performance.now() - startedMs) / 1_000).toFixed(1)} s\n`);
}

function fail(message, suggestions = []) {
  process.stderr.write(`setup: ${message.trimEnd()}\n`);
  for (const suggestion of suggestions) process.stderr.write(`  ${suggestion}\n`);
  process.exit(1);
}

function readOrEmpty(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
