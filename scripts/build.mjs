// Cleans dist and compiles src into it: tsc leaves the output of deleted sources behind.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
const { status } = spawnSync(process.execPath, [tsc], { cwd: root, stdio: 'inherit' });
if (status === 0) chmodSync(new URL('../bin/run.js', import.meta.url), 0o755);
process.exitCode = status ?? 1;
