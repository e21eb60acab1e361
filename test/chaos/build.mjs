import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * A copy of the built program, so that a build meanwhile changes nothing under a run. Gives its `bin/run.js`, the
 * commit that is checked out, and a digest of the program: two runs with the same one ran the same code.
 */
export function copyOfBuild() {
  const folder = mkdtempSync(join(tmpdir(), 'plutomi-chaos-build-'));
  for (const name of ['bin', 'dist', 'package.json', 'oclif.manifest.json']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return {
    folder,
    bin: join(folder, 'bin', 'run.js'),
    digest: digestOf(join(folder, 'dist')),
    commit: commit(),
  };
}

function digestOf(folder) {
  const byName = (one, other) => (one < other ? -1 : 1);
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.js'));
  for (const name of files.toSorted(byName))
    hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 12);
}

/** Undefined outside a repository. */
function commit() {
  try {
    const words = ['describe', '--always', '--exclude', '*', '--dirty'];
    return execFileSync('git', words, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
