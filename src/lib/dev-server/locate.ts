import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { requireTrusted, type Trust } from '../connection/trust.js';
import { messageOf, OperationError } from '../errors.js';
import {
  compareVersions,
  isSupported,
  MIN_VERSION,
  PINNED_VERSION,
  parseVersion,
  parseVersionOutput,
  type Version,
} from './install/versions.js';
import { suggestCommand, suggestOther } from '../suggestion.js';

const run = promisify(execFile);

/** Debian puts nats-server in /usr/sbin, which is not on every user's PATH. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

const VERSION_TIMEOUT_MS = 5_000;

/** Where a nats-server may be: the values of the environment variables named beside each. */
export interface ServerLocations {
  /** `NATS_SERVER_BIN`: this binary and no other. */
  readonly natsServerBin?: string;
  /** `PATH`. */
  readonly path: string;
  /** `XDG_CACHE_HOME`, or `~/.cache`. */
  readonly cacheHome: string;
  /** Whose binaries of the cache are run. Default: anybody's. */
  readonly trust?: Trust;
}

/** A nats-server that is new enough. */
export interface LocatedServer {
  /** Path of the binary. */
  readonly path: string;
  /** As the binary says. */
  readonly version: Version;
  /** Where it was found; the cache is where `server install` puts it. */
  readonly from: 'NATS_SERVER_BIN' | 'PATH' | 'cache';
}

/** The folder that holds one folder a version. */
export function serverCacheFolder({ cacheHome }: ServerLocations): string {
  return join(cacheHome, 'plutomi-events', 'nats-server');
}

/** Where `server install` puts this version, whether or not it is there. */
export function cachedServerPath(locations: ServerLocations, version: Version): string {
  return join(serverCacheFolder(locations), version, 'nats-server');
}

/**
 * The nats-server to use: `NATS_SERVER_BIN`, else one on PATH, in /usr/sbin or /usr/local/sbin that is new
 * enough, else the pinned version of the cache folder, else the newest one there. Undefined when there is none.
 *
 * @throws OperationError `NATS_SERVER_BIN_UNUSABLE` when `NATS_SERVER_BIN` is set to something else than a
 *   nats-server that is new enough.
 */
export async function locateServer(locations: ServerLocations): Promise<LocatedServer | undefined> {
  if (locations.natsServerBin) return await namedServer(locations.natsServerBin);
  return (await serverOnPath(locations.path)) ?? (await serverInCache(locations));
}

/** The version of this binary. Rejects when it can't be run or is not a nats-server. */
export async function readServerVersion(path: string): Promise<Version> {
  const { stdout } = await run(path, ['--version'], { timeout: VERSION_TIMEOUT_MS });
  const version = parseVersionOutput(stdout);
  if (version === undefined)
    throw new Error(`it answers --version with ${JSON.stringify(stdout.slice(0, 80))}`);
  return version;
}

export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function namedServer(path: string): Promise<LocatedServer> {
  const unusable = (found: string, cause?: unknown) =>
    new OperationError(`NATS_SERVER_BIN is ${path}, which is not a usable nats-server: ${found}`, {
      code: 'NATS_SERVER_BIN_UNUSABLE',
      suggestions: [suggestOther('unset', ['NATS_SERVER_BIN']), suggestCommand('server install')],
      cause,
    });
  let version: Version;
  try {
    version = await readServerVersion(path);
  } catch (error) {
    throw unusable(messageOf(error), error);
  }
  if (!isSupported(version))
    throw unusable(`it is version ${version}, and ${MIN_VERSION} is the oldest that works`);
  return { path, version, from: 'NATS_SERVER_BIN' };
}

async function serverOnPath(path: string): Promise<LocatedServer | undefined> {
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  for (const folder of new Set([...folders, ...SYSTEM_FOLDERS])) {
    const candidate = join(folder, 'nats-server');
    if (!(await isExecutable(candidate))) continue;
    const version = await readServerVersion(candidate).catch(() => undefined);
    if (version !== undefined && isSupported(version)) return { path: candidate, version, from: 'PATH' };
  }
  return undefined;
}

async function serverInCache(locations: ServerLocations): Promise<LocatedServer | undefined> {
  const names = await readdir(serverCacheFolder(locations)).catch(() => []);
  const versions = names.map(parseVersion).filter((version) => version !== undefined);
  const usable = versions.filter(isSupported);
  usable.sort((a, b) => preference(b) - preference(a) || compareVersions(b, a));
  for (const version of usable) {
    const path = cachedServerPath(locations, version);
    if (await isExecutable(path)) {
      await requireTrustedServer(path, locations);
      return { path, version, from: 'cache' };
    }
  }
  return undefined;
}

/**
 * Refuses a binary of the cache that another user could have put there: it, or a folder of ours that leads to it.
 *
 * @throws ConfigError `NOT_YOURS`
 */
export async function requireTrustedServer(
  path: string,
  { cacheHome, trust }: ServerLocations,
): Promise<void> {
  for (let one = path; one.length > cacheHome.length; one = dirname(one)) await requireTrusted(one, trust);
}

function preference(version: Version): number {
  return version === PINNED_VERSION ? 1 : 0;
}
