// Runs the real plutomi-events command: to its end, or in the background.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

/** Something did not go as the story has it. */
export class DemoFailure extends Error {}

/** The plutomi-events command in one folder. */
export class Commands {
  #children = new Set();
  #env;

  constructor(folder, env) {
    this.folder = folder;
    // Nothing of the user's own servers and contexts.
    const inherited = Object.entries(process.env).filter(
      ([name]) => !name.startsWith('NATS_') || name === 'NATS_SERVER_BIN',
    );
    this.#env = { ...Object.fromEntries(inherited), ...env };
  }

  /** Runs it to its end and returns its stdout. Throws DemoFailure when it fails. */
  async run(words, { env = {} } = {}) {
    const child = this.#spawn(words, env);
    const [stdout, stderr, code] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      exitOf(child),
    ]);
    if (code === 0) return stdout.trimEnd();
    throw new DemoFailure(
      `plutomi-events ${words.join(' ')} ended with ${code}\n${stdout}${stderr}`.trimEnd(),
    );
  }

  /** Starts it in the background: `onLine` gets each line of its log, `stop` ends it and returns its exit code. */
  start(words, logFile, onLine) {
    const child = this.#spawn(words, {});
    const log = createWriteStream(logFile);
    child.stdout.pipe(log);
    child.stderr.pipe(log, { end: false });
    createInterface({ input: child.stdout }).on('line', onLine);
    const ended = exitOf(child);
    const stop = () => {
      child.kill('SIGTERM');
      return ended;
    };
    return { ended, stop };
  }

  killAll() {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  #spawn(words, env) {
    const child = spawn(process.execPath, [bin, ...words], {
      cwd: this.folder,
      env: { ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }
}

async function textOf(stream) {
  const chunks = await stream.toArray();
  return Buffer.concat(chunks).toString();
}

function exitOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
}
