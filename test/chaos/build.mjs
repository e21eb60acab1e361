import { cpSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A copy of the built program, so that a build meanwhile changes nothing under a run. Gives its `bin/run.js`. */
export function copyOfBuild() {
  const folder = mkdtempSync(join(tmpdir(), 'plutomi-chaos-build-'));
  for (const name of ['bin', 'dist', 'package.json', 'oclif.manifest.json']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return { folder, bin: join(folder, 'bin', 'run.js') };
}
