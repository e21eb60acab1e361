import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { makeFolder } from '../connection/make-folder.js';
import { messageOf } from '../errors.js';
import { type Clock, systemClock } from '../flow/clock.js';
import { readClientUrl, readInfo, removePortsFiles, type ServerInfo } from './ready.js';
import { ServerNotReady, startError } from './start-error.js';

const POLL_MS = 5;
const STOP_GRACE_MS = 5_000;
/** How long a start may take. */
export const READY_TIMEOUT_MS = 30_000;

export interface StartServerOptions {
  /** The nats-server binary, as `locateServer` found it. */
  readonly binary: string;
  /** An absolute folder for JetStream's data; made when it is missing, mode 0700. */
  readonly storeDir: string;
  /** The file that its log is appended to; made when it is missing, mode 0600. */
  readonly logFile: string;
  /** The client port on 127.0.0.1. Default: `random`. */
  readonly port?: number | 'random' | undefined;
  /** The server's name. Default: nats-server makes one up. */
  readonly name?: string | undefined;
  /** A nats-server configuration file, for what has no option here: a cluster, accounts, TLS. */
  readonly configFile?: string | undefined;
  /** How long it may take until it answers, in ms. Default: 30 s, for large stores. */
  readonly readyTimeoutMs?: number | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running nats-server. It outlives this process unless it is stopped. */
export interface ServerHandle {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly storeDir: string;
  readonly logFile: string;
  readonly version: string;
  readonly name: string;
  /** Settles when it has ended, however that came about. Doesn't keep this process alive. */
  readonly exited: Promise<ServerExit>;
  /** SIGTERM, then SIGKILL when it has not ended within 5 s. Settles when it is gone; harmless when it already is. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash would do it. `exited` says when it is gone. */
  kill9(): void;
}

/**
 * Starts a nats-server with JetStream on 127.0.0.1 and settles when it answers clients.
 *
 * It gets a process group of its own, so that Ctrl-C in a terminal reaches this process alone, which then
 * stops the server after its own work.
 *
 * @throws OperationError `SERVER_EXITED` when it ends before it answers, `SERVER_NOT_READY` when the deadline
 *   passes first; both with what its log says of it.
 */
export async function startServer(options: StartServerOptions): Promise<ServerHandle> {
  const { binary, storeDir, logFile, readyTimeoutMs = READY_TIMEOUT_MS, clock = systemClock } = options;
  await makeFolder(storeDir);
  await makeFolder(dirname(logFile));
  await removePortsFiles(storeDir);
  const log = await open(logFile, 'a', 0o600);
  try {
    const logStart = (await log.stat()).size;
    const child = forThisUserAlone(() =>
      spawn(binary, serverArguments(options), { detached: true, stdio: ['ignore', log.fd, log.fd] }),
    );
    const exited = once(child, 'exit').then(([code, signal]): ServerExit => ({ code, signal }));
    exited.catch(() => {});
    child.unref();
    try {
      await once(child, 'spawn');
      const found = await waitUntilReady(exited, child, storeDir, readyTimeoutMs, clock);
      return handleOf(options, child, exited, found);
    } catch (error) {
      if (child.kill('SIGKILL')) await exited;
      throw startError(error, options, await readFrom(logFile, logStart));
    }
  } finally {
    await log.close();
  }
}

/** Whatever the process that `start` starts makes, is readable for this user only. */
function forThisUserAlone<T>(start: () => T): T {
  // A thread can't set it; the folder that everything stands in is 0700 in any case.
  if (!isMainThread) return start();
  const before = process.umask(0o077);
  try {
    return start();
  } finally {
    process.umask(before);
  }
}

function serverArguments(options: StartServerOptions): readonly string[] {
  const { port = 'random', name, configFile, storeDir } = options;
  return [
    ['--addr', '127.0.0.1', '--port', port === 'random' ? '-1' : String(port)],
    ['--jetstream', '--store_dir', storeDir, '--ports_file_dir', storeDir],
    name === undefined ? [] : ['--name', name],
    configFile === undefined ? [] : ['--config', configFile],
  ].flat();
}

interface Found {
  readonly url: string;
  readonly info: ServerInfo;
}

async function waitUntilReady(
  exited: Promise<ServerExit>,
  child: ChildProcess,
  storeDir: string,
  timeoutMs: number,
  clock: Clock,
): Promise<Found> {
  const deadline = clock.monotonic() + timeoutMs;
  let exit: ServerExit | undefined;
  exited.then(
    (how) => {
      exit = how;
    },
    () => {},
  );
  for (let missing = 'it has not said where it listens'; ; await delay(POLL_MS)) {
    if (exit !== undefined) throw new Error(describeExit(exit));
    const leftMs = deadline - clock.monotonic();
    if (leftMs <= 0) throw new ServerNotReady(`not ready within ${timeoutMs} ms: ${missing}`);
    const url = await readClientUrl(storeDir, child.pid ?? 0);
    if (url === undefined) continue;
    try {
      const info = await readInfo(url, leftMs);
      if (info.jetstream === true) return { url, info };
      missing = 'JetStream is not on';
    } catch (error) {
      missing = messageOf(error);
    }
  }
}

function handleOf(
  { storeDir, logFile }: StartServerOptions,
  child: ChildProcess,
  exited: Promise<ServerExit>,
  { url, info }: Found,
): ServerHandle {
  const pid = child.pid ?? 0;
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    url,
    port: Number(new URL(url).port),
    pid,
    storeDir,
    logFile,
    version: info.version,
    name: info.server_name,
    exited,
    async stop() {
      if (!isRunning()) return;
      child.ref();
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await exited.finally(() => clearTimeout(force));
    },
    kill9() {
      if (!isRunning()) return;
      child.ref();
      child.kill('SIGKILL');
    },
  };
}

function describeExit({ code, signal }: ServerExit): string {
  return signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
}

async function readFrom(file: string, startBytes: number): Promise<string> {
  const content = await readFile(file).catch(() => Buffer.alloc(0));
  return content.subarray(startBytes).toString('utf8');
}
