// A nats-server for this program alone, with all data in ./jetstream-store. With --server another one is used.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { provideServer, readEnvironment } from 'plutomi-events';
import { storeFolder } from './files.mjs';

const { NATS_URL: given, PLUTOMI_EVENTS_BIN: runner } = process.env;

/** `stop` resolves when it has ended, with everything on disk. */
export async function startServer() {
  // What the runner has started in the folder above would keep its data there.
  const isAsked = given && !existsSync('../.plutomi-events/server.json');
  if (isAsked) return { url: given, store: `the store of ${given}`, stop: () => {} };
  const { path } = await provideServer({ environment: readEnvironment() });
  mkdirSync(storeFolder, { recursive: true, mode: 0o700 });
  for (const name of portsFiles()) rmSync(`${storeFolder}/${name}`);
  const words = ['-a', '127.0.0.1', '-p', '-1', '-js', '-sd', storeFolder, '--ports_file_dir', storeFolder];
  // Ctrl-C of a terminal is for this program, which stops the server last.
  const server = spawn(path, [...words, '-l', 'server.log'], { stdio: 'ignore', detached: !runner });
  const ended = once(server, 'exit');
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  const url = await until(() => clientUrl(server));
  const stop = async () => {
    server.kill('SIGTERM');
    await ended;
    process.removeListener('exit', kill);
  };
  return { url, store: `./${storeFolder}`, stop };
}

/** What `check` answers once that is true. */
export async function until(check) {
  for (;;) {
    const found = check();
    if (found) return found;
    await delay(20);
  }
}

function portsFiles() {
  return readdirSync(storeFolder).filter((name) => name.endsWith('.ports'));
}

function clientUrl({ exitCode }) {
  if (exitCode !== null) throw new Error(`nats-server ended with ${exitCode}: see server.log`);
  const [file] = portsFiles();
  try {
    return file && JSON.parse(readFileSync(`${storeFolder}/${file}`, 'utf8')).nats[0];
  } catch {
    return undefined; // It is being written.
  }
}
