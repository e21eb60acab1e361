import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { OperationError } from '../../errors.js';
import { DOWNLOAD_FAILED, download, readRedirect } from './download.js';
import type { ProxySettings } from '../../http/proxy.js';
import { readTarFile } from './tar.js';
import { parseVersion, type Version } from './versions.js';

const OFFICIAL_BASE_URL = 'https://github.com/nats-io/nats-server/releases/download';

const RELEASED_OS: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin' };
const RELEASED_ARCH: Partial<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  ia32: '386',
  ppc64: 'ppc64le',
  s390x: 's390x',
};

/** Where releases are fetched from, and how. */
export interface ReleaseSource extends ProxySettings {
  /**
   * `PLUTOMI_NATS_MIRROR`: a base URL that holds `v<version>/<asset>` and `v<version>/SHA256SUMS` as
   * https://github.com/nats-io/nats-server/releases/download does, which is the default.
   */
  readonly natsMirror?: string;
}

/** The machine that the binary is for, in Node's own words (`process.platform`, `process.arch`). */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
}

/** The archive of a release for this machine, e.g. `nats-server-v2.15.1-linux-amd64.tar.gz`; undefined when there is none. */
export function assetName(version: Version, { platform, arch }: Machine): string | undefined {
  const [os, cpu] = [RELEASED_OS[platform], RELEASED_ARCH[arch]];
  return os === undefined || cpu === undefined ? undefined : `nats-server-v${version}-${os}-${cpu}.tar.gz`;
}

/**
 * The nats-server binary of an official release, checked against the SHA256SUMS of that release.
 *
 * @throws OperationError `DOWNLOAD_FAILED` when it can't be had, `CHECKSUM_MISSING` or `CHECKSUM_MISMATCH` when
 *   it can't be trusted, `BAD_ARCHIVE` when there is no nats-server in it.
 */
export async function fetchRelease(
  version: Version,
  source: ReleaseSource,
  machine: Machine,
): Promise<Buffer> {
  const asset = assetName(version, machine);
  if (asset === undefined) {
    throw new OperationError(`nats-server has no release archive for ${machine.platform} ${machine.arch}`, {
      code: DOWNLOAD_FAILED,
    });
  }
  const folder = `${baseUrl(source)}/v${version}`;
  const sums = await download(`${folder}/SHA256SUMS`, source);
  const expected = readChecksum(sums.toString('utf8'), asset);
  if (expected === undefined) {
    throw new OperationError(
      `${folder}/SHA256SUMS has no line for ${asset}, so it can't be checked; not installed`,
      {
        code: 'CHECKSUM_MISSING',
      },
    );
  }
  const archive = await download(`${folder}/${asset}`, source);
  const found = createHash('sha256').update(archive).digest('hex');
  if (found !== expected) {
    throw new OperationError(
      `${folder}/${asset} is not what its release says: SHA256 expected ${expected}, found ${found}; not installed`,
      { code: 'CHECKSUM_MISMATCH', suggestions: ['check PLUTOMI_NATS_MIRROR, or the proxy in between'] },
    );
  }
  return unpack(archive, asset);
}

/** The version of the newest release. Throws `DOWNLOAD_FAILED` when it can't be found out. */
export async function findLatestRelease(source: ReleaseSource): Promise<Version> {
  const url = `${baseUrl(source).replace(/\/download$/, '')}/latest`;
  const location = await readRedirect(url, source);
  const version = parseVersion(location.split('/').at(-1) ?? '');
  if (version === undefined) {
    throw new OperationError(`${url} redirects to ${location}, which names no version`, {
      code: DOWNLOAD_FAILED,
    });
  }
  return version;
}

/** The SHA256 of this file, in lower-case hex, from a SHA256SUMS text; undefined when it has no line for it. */
export function readChecksum(sums: string, fileName: string): string | undefined {
  for (const line of sums.split(/\r?\n/)) {
    const [, hash, name] = /^([0-9a-fA-F]{64}) [ *](.+)$/.exec(line) ?? [];
    if (name === fileName) return hash?.toLowerCase();
  }
  return undefined;
}

function baseUrl({ natsMirror }: ReleaseSource): string {
  return (natsMirror ?? OFFICIAL_BASE_URL).replace(/\/+$/, '');
}

function unpack(archive: Buffer, asset: string): Buffer {
  let binary: Buffer | undefined;
  try {
    binary = readTarFile(gunzipSync(archive), 'nats-server');
  } catch (cause) {
    throw new OperationError(`${asset} is not a tar.gz archive`, { code: 'BAD_ARCHIVE', cause });
  }
  if (binary === undefined)
    throw new OperationError(`${asset} has no nats-server in it`, { code: 'BAD_ARCHIVE' });
  return binary;
}
