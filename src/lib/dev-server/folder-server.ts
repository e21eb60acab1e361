import { type Checks, requireOptions } from '../domain/options.js';
import { refuseCount, refuseNoClock, refuseNoObject, refuseNoText, refuseNoWhole } from '../domain/given.js';
import { dirname } from 'node:path';
import { OperationError } from '../errors.js';
import { READY_TIMEOUT_MS, type ServerHandle, type StartServerOptions, startServer } from './embedded.js';
import type { Clock } from '../flow/clock.js';
import type { Trust } from '../connection/trust.js';
import { type LockOptions, withLock } from './lock.js';
import { stopServerProcess } from './process.js';
import { PortInUse } from './start-error.js';
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
import { suggestCommand, suggestOther } from '../suggestion.js';

const STOP_GRACE_MS = 10_000;
/** Whoever holds the lock may start a server twice: when its port is taken, on another one. */
const LOCK_TIMEOUT_MS = 2 * READY_TIMEOUT_MS + 10_000;

/** Which folder, and who asks. */
export interface FolderOptions {
  /** The folder that the server belongs to; its data goes to `.plutomi-events/` in it. */
  readonly cwd: string;
  /** Whose `.plutomi-events/` is used. Default: anybody's. */
  readonly trust?: Trust;
  /** By which locks and deadlines go. */
  readonly clock: Clock;
  /** Of this process. */
  readonly pid: number;
}

/** How the server of a folder is started. */
export interface FolderServerOptions extends FolderOptions {
  /** Path of the nats-server. */
  readonly binary: string;
  /** Default: the port that this folder's server had last, when it is free, else a random one. */
  readonly port?: number | undefined;
}

const folderChecks = {
  cwd: refuseNoText,
  trust: refuseNoObject,
  clock: refuseNoClock,
  pid: refuseCount,
} as const satisfies Checks<FolderOptions>;
const serverChecks = {
  ...folderChecks,
  binary: refuseNoText,
  port: refuseNoWhole,
} as const satisfies Checks<FolderServerOptions>;

/** The nats-server of a folder. */
export interface FolderServer {
  /** Its address, process and data folder. */
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
  requireOptions(serverChecks, options, ['cwd', 'clock', 'pid', 'binary']);
  const running = await findRunning(options);
  if (running !== undefined) return running;
  await makeServerFolder(options.cwd, options.trust);
  return await withLock(serverFiles(options.cwd).lock, lockOptions(options), async () => {
    return (await findRunning(options)) ?? { state: await start(options), started: true };
  });
}

/**
 * Stops the server of this folder, or of the nearest one above it. Gives what was stopped, or undefined.
 *
 * @throws OperationError `NOT_OF_THIS_FOLDER` when the folder's file names the server of another one, as that of a
 *   copied folder or of one that a link leads to does.
 */
export async function stopFolderServer(options: FolderOptions): Promise<ServerState | undefined> {
  // What it was started with may be given again.
  requireOptions(serverChecks, options, ['cwd', 'clock', 'pid']);
  const { cwd, trust, clock } = options;
  const found = await findRunningServer(cwd, trust);
  if (found === undefined) return undefined;
  requireOwnStore(found);
  return await withLock(serverFiles(found.parent).lock, lockOptions(options), async () => {
    await stopServerProcess(found.state.pid, found.state.store, STOP_GRACE_MS, clock);
    return found.state;
  });
}

function lockOptions({ clock, pid }: FolderOptions): LockOptions {
  return { timeoutMs: LOCK_TIMEOUT_MS, clock, pid };
}

function requireOwnStore({ parent, state }: { readonly parent: string; readonly state: ServerState }): void {
  const { state: file, store } = serverFiles(parent);
  if (state.store === store) return;
  throw new OperationError(
    `${file} names the nats-server with its data in ${state.store} (pid ${state.pid}), which does not belong to this folder: it was not stopped`,
    {
      code: 'NOT_OF_THIS_FOLDER',
      suggestions: [
        suggestCommand('server stop', { folder: dirname(dirname(state.store)) }),
        suggestOther('kill', [state.pid], { note: 'if that folder was moved here' }),
      ],
    },
  );
}

async function findRunning({ cwd, port, trust }: FolderServerOptions): Promise<FolderServer | undefined> {
  const state = await readServerState(cwd, trust);
  if (state === undefined) return undefined;
  requirePort(state, port);
  return { state, started: false };
}

async function start(options: FolderServerOptions): Promise<ServerState> {
  const { cwd, binary, clock, trust } = options;
  const files = serverFiles(cwd);
  const last = await readLastState(cwd, trust);
  const port = options.port ?? (last === undefined ? 'random' : portOf(last.url));
  const server: StartServerOptions = { binary, storeDir: files.store, logFile: files.log, port, clock };
  const handle = await startServer(server).catch((error: unknown): Promise<ServerHandle> => {
    if (options.port !== undefined || port === 'random' || !(error instanceof PortInUse)) throw error;
    return startServer({ ...server, port: 'random' });
  });
  const { url, pid, version } = handle;
  const state = { url, pid, store: files.store, startedAt: new Date(clock.now()).toISOString(), version };
  await writeServerState(cwd, state);
  return state;
}

function requirePort(state: ServerState, port: number | undefined): void {
  if (port === undefined || port === portOf(state.url)) return;
  throw new OperationError(
    `a nats-server of this folder is already running at ${state.url}, not on port ${port}`,
    {
      code: 'SERVER_ON_OTHER_PORT',
      suggestions: [
        suggestCommand('server stop'),
        suggestCommand('server start', { flags: { port }, why: 'then' }),
      ],
    },
  );
}
