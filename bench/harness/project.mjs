import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const run = promisify(execFile);

/** Runs `work` with a folder that has this config and these files, and the real binary in it. */
export async function withProject(server, { config, files = {} }, work) {
  const folder = mkdtempSync(join(tmpdir(), 'plutomi-bench-project-'));
  const children = new Set();
  const kill = () => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', kill);
  try {
    writeFileSync(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      NATS_URL: server.url,
      XDG_CACHE_HOME: join(folder, '.cache'),
    };
    return await work({
      folder,
      env,
      /** Runs a command to its end; throws when it fails. */
      cli: async (...words) => {
        const { stdout } = await run(process.execPath, [bin, ...words], {
          cwd: folder,
          env,
          maxBuffer: 1 << 28,
        });
        return stdout;
      },
      /** Starts a command that goes on; handlers may `process.send` to the listener of `message`. */
      start: (...words) => {
        const child = spawn(process.execPath, [...profiled(words), bin, ...words], {
          cwd: folder,
          env,
          stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        });
        children.add(child);
        child.once('exit', () => children.delete(child));
        return child;
      },
    });
  } finally {
    process.off('exit', kill);
    kill();
  }
}

/** Ends a command as an operator does, and waits until it is gone. */
export async function stopChild(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

/** BENCH_PROFILE=<folder>: the real command leaves a CPU profile there. */
export function profiled(words) {
  const folder = process.env.BENCH_PROFILE;
  if (!folder) return [];
  return [
    '--cpu-prof',
    `--cpu-prof-dir=${folder}`,
    `--cpu-prof-name=${words.join('-')}-${Date.now()}.cpuprofile`,
  ];
}
