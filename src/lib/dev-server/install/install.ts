import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../connection/make-folder.js';
import { messageOf, OperationError, PlutomiError } from '../../errors.js';
import { fetchDebianPackage } from './debian.js';
import { DOWNLOAD_FAILED } from './download.js';
import {
  cachedServerPath,
  isExecutable,
  readServerVersion,
  requireTrustedServer,
  type ServerLocations,
} from '../locate.js';
import { fetchRelease, findLatestRelease, type Machine, type ReleaseSource } from './release.js';
import { isSupported, MIN_VERSION, PINNED_VERSION, type Version, type WantedVersion } from './versions.js';
import { suggestCommand } from '../../suggestion.js';

export interface InstallServerOptions {
  /**
   * A version; or `pinned`, the one the project is tested with, or what Debian's testing has when that is all
   * there is; or `latest`, the newest release. Default: `pinned`.
   */
  readonly wanted?: WantedVersion | undefined;
  readonly environment: ServerLocations & ReleaseSource;
  /** Default: this machine. */
  readonly machine?: Machine;
  /** Hears of each step that takes time, as one line for people. */
  readonly onStep?: (step: string) => void;
}

export interface InstalledServer {
  readonly path: string;
  readonly version: Version;
  /** `cache`: it was there already. */
  readonly from: 'cache' | 'release' | 'debian';
}

/**
 * Makes sure of a nats-server in the user's cache folder: the official release, checked against its SHA256SUMS,
 * or, where that is not reachable, Debian's signed package. Nothing is installed system-wide. Several may run
 * at the same time.
 *
 * @throws OperationError `VERSION_TOO_OLD`, `VERSION_NOT_AVAILABLE`, `CANNOT_INSTALL` when neither place can be
 *   reached, and the codes of `fetchRelease` about what can't be trusted: that never falls back.
 */
export async function installServer(options: InstallServerOptions): Promise<InstalledServer> {
  const { wanted = 'pinned', environment, machine = process, onStep = () => {} } = options;
  if (wanted !== 'pinned' && wanted !== 'latest') refuseUnsupported(wanted);
  let releaseError: unknown;
  try {
    return await installRelease(wanted, environment, machine, onStep);
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    releaseError = error;
  }
  onStep(`${messageOf(releaseError)}; trying Debian's package`);
  try {
    const { binary, version } = await fetchDebianPackage(wanted, environment);
    refuseUnsupported(version);
    return { path: await place(binary, version, environment), version, from: 'debian' };
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    throw cannotInstall(wanted, releaseError, error);
  }
}

async function installRelease(
  wanted: WantedVersion,
  environment: ServerLocations & ReleaseSource,
  machine: Machine,
  onStep: (step: string) => void,
): Promise<InstalledServer> {
  const version = await versionOf(wanted, environment);
  refuseUnsupported(version);
  const path = cachedServerPath(environment, version);
  if (await isExecutable(path)) {
    await requireTrustedServer(path, environment);
    return { path, version, from: 'cache' };
  }
  onStep(`fetching nats-server ${version}`);
  const binary = await fetchRelease(version, environment, machine);
  return { path: await place(binary, version, environment), version, from: 'release' };
}

async function versionOf(wanted: WantedVersion, source: ReleaseSource): Promise<Version> {
  if (wanted === 'pinned') return PINNED_VERSION;
  return wanted === 'latest' ? await findLatestRelease(source) : wanted;
}

/** Puts the binary where it belongs in one step: whoever looks finds a whole one or none. */
async function place(binary: Buffer, version: Version, locations: ServerLocations): Promise<string> {
  const path = cachedServerPath(locations, version);
  await makeFolder(dirname(path));
  const folder = await mkdtemp(join(dirname(path), '.new-'));
  const temporary = join(folder, 'nats-server');
  try {
    const file = await open(temporary, 'wx', 0o700);
    try {
      await file.writeFile(binary);
      await file.sync();
    } finally {
      await file.close();
    }
    await requireVersion(temporary, version);
    await rename(temporary, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return path;
}

async function requireVersion(path: string, version: Version): Promise<void> {
  const found = await readServerVersion(path).catch((cause: unknown) => {
    throw new OperationError(
      `the nats-server ${version} that was fetched does not run: ${messageOf(cause)}`,
      {
        code: 'BAD_ARCHIVE',
        cause,
      },
    );
  });
  if (found === version) return;
  throw new OperationError(`the nats-server ${version} that was fetched says that it is ${found}`, {
    code: 'BAD_ARCHIVE',
  });
}

function refuseUnsupported(version: Version): void {
  if (isSupported(version)) return;
  throw new OperationError(`nats-server ${version} is too old: ${MIN_VERSION} is the oldest that works`, {
    code: 'VERSION_TOO_OLD',
    suggestions: [suggestCommand('server install')],
  });
}

function isUnreachable(error: unknown): boolean {
  return error instanceof PlutomiError && error.code === DOWNLOAD_FAILED;
}

function cannotInstall(wanted: WantedVersion, release: unknown, debian: unknown): OperationError {
  const name = wanted === 'pinned' ? PINNED_VERSION : wanted;
  return new OperationError(
    `cannot install nats-server ${name}. GitHub: ${messageOf(release)}. Debian: ${messageOf(debian)}`,
    {
      code: 'CANNOT_INSTALL',
      cause: release,
      suggestions: [
        'set HTTPS_PROXY, or PLUTOMI_NATS_MIRROR to a mirror of https://github.com/nats-io/nats-server/releases/download',
        'set NATS_SERVER_BIN to a nats-server that is already on this machine',
      ],
    },
  );
}
