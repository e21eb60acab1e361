import { messageOf, OperationError } from '../errors.js';
import { type ServerHandle, type StartServerOptions, startServer } from './embedded.js';
import { withLock } from './lock.js';
import { stopServerProcess } from './process.js';
import {
  findRunningServer,
  makeServerFolder,
  portOf,
  readLastState,
  readServerState,
  type ServerState,
  serverFiles,
  writeServerState,
} from './state.js';

const LOCK_TIMEOUT_MS = 40_000;
const STOP_GRACE_MS = 10_000;

export interface FolderServerOptions {
  /** The folder that the server belongs to; its data goes to `.plutomi-events/` in it. */
  readonly cwd: string;
  readonly binary: string;
  /** Default: the port that this folder's server had last, when it is free, else a random one. */
  readonly port?: number | undefined;
  readonly now: () => Date;
}

export interface FolderServer {
  readonly state: ServerState;
  /** False: it ran already, in this folder or one above it. */
  readonly started: boolean;
}

/**
 * The nats-server of a folder: the one that runs, or a new one that outlives this process.
 *
 * @throws OperationError `SERVER_ON_OTHER_PORT` when one runs on another port than the one asked for, and the
 *   codes of `startServer`.
 */
export async function startFolderServer(options: FolderServerOptions): Promise<FolderServer> {
  const running = await findRunning(options);
  if (running !== undefined) return running;
  await makeServerFolder(options.cwd);
  return await withLock(serverFiles(options.cwd).lock, LOCK_TIMEOUT_MS, async () => {
    return (await findRunning(options)) ?? { state: await start(options), started: true };
  });
}

/** Stops the server of this folder, or of the nearest one above it. Gives what was stopped, or undefined. */
export async function stopFolderServer(cwd: string): Promise<ServerState | undefined> {
  const found = await findRunningServer(cwd);
  if (found === undefined) return undefined;
  return await withLock(serverFiles(found.parent).lock, LOCK_TIMEOUT_MS, async () => {
    await stopServerProcess(found.state.pid, found.state.store, STOP_GRACE_MS);
    return found.state;
  });
}

async function findRunning({ cwd, port }: FolderServerOptions): Promise<FolderServer | undefined> {
  const state = await readServerState(cwd);
  if (state === undefined) return undefined;
  requirePort(state, port);
  return { state, started: false };
}

async function start(options: FolderServerOptions): Promise<ServerState> {
  const { cwd, binary, now } = options;
  const files = serverFiles(cwd);
  const last = await readLastState(cwd);
  const port = options.port ?? (last === undefined ? 'random' : portOf(last.url));
  const server: StartServerOptions = { binary, storeDir: files.store, logFile: files.log, port };
  const handle = await startServer(server).catch((error: unknown): Promise<ServerHandle> => {
    if (options.port !== undefined || port === 'random' || !isPortTaken(error)) throw error;
    return startServer({ ...server, port: 'random' });
  });
  const { url, pid, version } = handle;
  const state = { url, pid, store: files.store, startedAt: now().toISOString(), version };
  await writeServerState(cwd, state);
  return state;
}

function isPortTaken(error: unknown): boolean {
  return messageOf(error).includes('address already in use');
}

function requirePort(state: ServerState, port: number | undefined): void {
  if (port === undefined || port === portOf(state.url)) return;
  throw new OperationError(`a nats-server of this folder runs at ${state.url} already, not on port ${port}`, {
    code: 'SERVER_ON_OTHER_PORT',
    suggestions: [`plutomi-events server stop && plutomi-events server start --port ${port}`],
  });
}
