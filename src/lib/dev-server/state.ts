import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../connection/make-folder.js';
import { requireTrusted, type Trust } from '../connection/trust.js';
import { isServerOf } from './process.js';

/** The nats-server that runs for a folder, as `.plutomi-events/server.json` says it. */
export interface ServerState {
  /** e.g. `nats://127.0.0.1:41233` */
  readonly url: string;
  /** Process id. */
  readonly pid: number;
  /** The folder with its data. */
  readonly store: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Version of nats-server, e.g. `2.15.1`. */
  readonly version: string;
}

/** Where a folder's server keeps what it has. */
export interface ServerFiles {
  readonly folder: string;
  readonly state: string;
  readonly store: string;
  readonly log: string;
  readonly lock: string;
}

export function serverFiles(parent: string): ServerFiles {
  const folder = join(parent, '.plutomi-events');
  return {
    folder,
    state: join(folder, 'server.json'),
    store: join(folder, 'store'),
    log: join(folder, 'nats-server.log'),
    lock: join(folder, 'server.lock'),
  };
}

/**
 * The running server of `cwd` or of the nearest folder above it that has one. A file that is malformed, or whose
 * process has ended or is something else by now, counts for nothing.
 *
 * Throws ConfigError `NOT_YOURS` when the nearest file was written by a user that `trust` doesn't allow.
 */
export async function readServerState(cwd: string, trust?: Trust): Promise<ServerState | undefined> {
  return (await findRunningServer(cwd, trust))?.state;
}

/** As `readServerState`, with the folder that the server belongs to. */
export async function findRunningServer(
  cwd: string,
  trust?: Trust,
): Promise<{ readonly parent: string; readonly state: ServerState } | undefined> {
  for (let parent = cwd; ; parent = dirname(parent)) {
    const state = await readLastState(parent, trust);
    if (state !== undefined && (await isServerOf(state.pid, state.store))) return { parent, state };
    if (dirname(parent) === parent) return undefined;
  }
}

/** What this folder's file says, whether or not that server still runs; undefined when it is missing or malformed. */
export async function readLastState(parent: string, trust?: Trust): Promise<ServerState | undefined> {
  const { folder, state } = serverFiles(parent);
  const text = await readFile(state, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  await requireTrusted(folder, trust);
  await requireTrusted(state, trust);
  try {
    const content: unknown = JSON.parse(text);
    return isServerState(content) ? content : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the file in one step. It stays when the server has ended, for the port that the next one takes again. */
export async function writeServerState(parent: string, state: ServerState): Promise<void> {
  const file = serverFiles(parent).state;
  const temporary = `${file}.${state.pid}`;
  await writeFile(temporary, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  await rename(temporary, file);
}

/** Makes `.plutomi-events/`, mode 0700, and keeps it out of git. */
export async function makeServerFolder(parent: string, trust?: Trust): Promise<void> {
  const { folder } = serverFiles(parent);
  await requireTrusted(folder, trust);
  await makeFolder(folder);
  await writeFile(join(folder, '.gitignore'), '*\n', { mode: 0o600 });
}

/** The port of a client URL. */
export function portOf(url: string): number {
  return Number(new URL(url).port);
}

function isServerState(content: unknown): content is ServerState {
  if (typeof content !== 'object' || content === null) return false;
  const { url, pid, store, startedAt, version } = content as Partial<Record<keyof ServerState, unknown>>;
  return (
    typeof url === 'string' &&
    /^nats:\/\/127\.0\.0\.1:\d{1,5}$/.test(url) &&
    URL.canParse(url) &&
    typeof pid === 'number' &&
    // 0 and below name groups of processes: a signal would reach all of them.
    Number.isSafeInteger(pid) &&
    pid > 0 &&
    [store, startedAt, version].every((field) => typeof field === 'string' && field !== '')
  );
}
