import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../../dist/lib/internals.js';
import { install, locate } from '../../scripts/server.mjs';

const running = new Set();
process.once('exit', () => {
  for (const { handle, folder } of running) {
    handle.kill9();
    rmSync(folder, { recursive: true, force: true });
  }
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

/** The newest nats-server that the project knows, or the one asked for; NATS_SERVER_BIN comes first. */
export async function serverBinary(version) {
  if (version === undefined && process.env.NATS_SERVER_BIN) return process.env.NATS_SERVER_BIN;
  const wanted = version ?? 'pinned';
  const say = (line) => process.stderr.write(`bench: ${line}\n`);
  try {
    return (await install(wanted, say)).path;
  } catch (error) {
    const found = version === undefined ? await locate() : undefined;
    if (found === undefined) throw error;
    return found.path;
  }
}

/**
 * Runs `work` with a fresh server, and removes what it stored: `{url, port, pid, folder, version}`. `config`: what its
 * configuration file says besides.
 */
export async function withServer(binary, work, config) {
  const folder = mkdtempSync(join(tmpdir(), 'plutomi-bench-'));
  const handle = await startServer({
    binary,
    ...(config === undefined ? {} : { configFile: written(join(folder, 'nats.conf'), config) }),
    storeDir: join(folder, 'store'),
    logFile: join(folder, 'nats.log'),
  });
  const entry = { handle, folder };
  running.add(entry);
  try {
    return await work({
      url: handle.url,
      port: handle.port,
      pid: handle.pid,
      version: handle.version,
      folder,
    });
  } finally {
    await handle.stop();
    running.delete(entry);
    rmSync(folder, { recursive: true, force: true });
  }
}

function written(file, text) {
  writeFileSync(file, `${text}\n`);
  return file;
}
