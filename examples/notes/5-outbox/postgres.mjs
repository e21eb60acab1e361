// A Postgres of one's own: its data in a temporary folder, on a free port of 127.0.0.1, gone when it is stopped.
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const howToGetIt =
  'install Postgres (Debian, Ubuntu: apt-get install postgresql), or set DATABASE_URL to one where you may create databases';

/** The folder of its programs, the newest version first; undefined: there is none. */
export function findPostgres() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((one) => join(debian, one, 'bin')),
    ...(process.env.PATH ?? '').split(':'),
  ];
  return folders.find((one) => existsSync(join(one, 'postgres')) && existsSync(join(one, 'initdb')));
}

/** Starts one; `url` leads to its database "postgres", where everything is allowed. */
export async function startPostgres() {
  const bin = findPostgres();
  if (bin === undefined) throw new Error(`there is no Postgres on this machine: ${howToGetIt}`);
  const folder = mkdtempSync(join(tmpdir(), 'plutomi-postgres-'));
  const user = userOfServer();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const [data, log] = [join(folder, 'data'), join(folder, 'log')];
  const options = { cwd: folder, ...user };
  const words = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C',
    '-N',
    '--no-instructions',
  ];
  const made = spawnSync(join(bin, 'initdb'), words, { ...options, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);
  let port;
  let hasRun = false;
  let server;
  const kill = () => {
    if (server && !hasEnded(server)) for (const pid of [...childrenOf(server.pid), server.pid]) killNow(pid);
  };
  const onExit = () => {
    kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', onExit);

  async function start() {
    // fsync is for the loss of power. What was written survives the end of a process, however that ends.
    const settings = [
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'fsync=off',
      'max_connections=100',
    ];
    for (let left = 100; left > 0; left--) {
      // Somebody else may take the port first; once it has run, its clients know it.
      if (!hasRun) port = await freePort();
      const out = openSync(log, 'a');
      const flags = ['-D', data, '-p', `${port}`, ...settings.flatMap((one) => ['-c', one])];
      server = spawn(join(bin, 'postgres'), flags, { ...options, stdio: ['ignore', out, out] });
      while (!hasEnded(server)) {
        if (isReady(join(bin, 'pg_isready'), port) && !hasEnded(server)) {
          hasRun = true;
          return;
        }
        await sleep(50);
      }
      // The last processes of one that was killed are still there.
      await sleep(100);
    }
    throw new Error(`Postgres does not start: ${readFileSync(log, 'utf8').slice(-1000)}`);
  }

  await start();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    start,
    /** kill -9 of all its processes. */
    async kill9() {
      kill();
      await ended(server);
    },
    async stop() {
      process.off('exit', onExit);
      if (!hasEnded(server)) server.kill('SIGINT');
      await ended(server);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function isReady(program, port) {
  return spawnSync(program, ['-q', '-h', '127.0.0.1', '-p', `${port}`]).status === 0;
}

/** Postgres refuses to run as root. */
function userOfServer() {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (found === undefined)
    throw new Error('Postgres refuses to run as root, and there is no user postgres or nobody');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

function childrenOf(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', `${pid}`], { encoding: 'utf8' });
  return (stdout ?? '')
    .split('\n')
    .map(Number)
    .filter((one) => one > 0);
}

function killNow(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

const hasEnded = (child) => child.exitCode !== null || child.signalCode !== null;

async function ended(child) {
  if (!hasEnded(child)) await new Promise((resolve) => child.once('exit', resolve));
}

async function freePort() {
  const listener = createServer();
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return port;
}
