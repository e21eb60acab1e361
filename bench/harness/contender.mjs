import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const host = fileURLToPath(new URL('contender-process.mjs', import.meta.url));

/**
 * Runs one contender in a process of its own, so that none is measured with the heap, the compiled code or the
 * waiting work of another: calls the export `name` of the module `file` (a URL) with `options`, and gives what it
 * returns. Both must survive JSON.
 */
export function contend(file, name, options = {}) {
  return new Promise((resolve, reject) => {
    const child = fork(host, [String(file), name, JSON.stringify(options)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: profiled(name),
    });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    let answer;
    child.on('message', (message) => {
      answer = message;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('exit', kill);
      if (answer && 'result' in answer) resolve(answer.result);
      else reject(new Error(`${name}: ${answer?.error ?? `ended with ${signal ?? code}`}`));
    });
  });
}

/** BENCH_PROFILE=<folder>: each contender leaves a CPU profile there. */
function profiled(name) {
  const folder = process.env.BENCH_PROFILE;
  return folder
    ? ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`]
    : [];
}
