import { type ServerHandle, startServer } from '../dev-server/embedded.js';
import { makeServerFolder, serverFiles, writeServerState } from '../dev-server/state.js';
import type { Clock } from '../flow/clock.js';

/** Starts the nats-server of an example's folder. Commands that are typed in that folder, or below it, find it. */
export async function startExampleServer(
  folder: string,
  binary: string,
  clock: Clock,
): Promise<ServerHandle> {
  await makeServerFolder(folder);
  const { store, log } = serverFiles(folder);
  const server = await startServer({ binary, storeDir: store, logFile: log, clock });
  const { url, pid, version } = server;
  await writeServerState(folder, {
    url,
    pid,
    store,
    version,
    startedAt: new Date(clock.now()).toISOString(),
  });
  return server;
}
