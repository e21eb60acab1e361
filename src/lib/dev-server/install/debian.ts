import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { OperationError } from '../../errors.js';
import { type AptEnvironment, isolateApt } from './apt.js';
import { DOWNLOAD_FAILED } from './download.js';
import { isExecutable } from '../locate.js';
import {
  type DebianSuite,
  KNOWN_VERSIONS,
  parseVersion,
  type Version,
  type WantedVersion,
} from './versions.js';
import { suggestCommand } from '../../suggestion.js';

const ARCHIVE_URL = 'http://deb.debian.org/debian';
const PACKAGE = 'nats-server';
const BINARY_PATH = 'usr/sbin/nats-server';

/** Debian's own keys, under the names that its releases give them. */
const KEYRINGS = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp',
];

export interface DebianServer {
  readonly binary: Buffer;
  readonly version: Version;
}

/**
 * The nats-server binary of Debian's signed package, for machines that reach a Debian mirror and not GitHub.
 * apt checks the signature. `pinned` and `latest` give what the suite `testing` has.
 *
 * @throws OperationError `DOWNLOAD_FAILED` when apt, Debian's keys or the mirror are not to be had,
 *   `VERSION_NOT_AVAILABLE` when Debian has other versions than this one.
 */
export async function fetchDebianPackage(wanted: WantedVersion, env: AptEnvironment): Promise<DebianServer> {
  await requireApt(env);
  const keyring = await findKeyring();
  const suite = suiteOf(wanted);
  const folder = await mkdtemp(join(tmpdir(), 'plutomi-apt-'));
  try {
    const source = `deb [signed-by=${keyring} target=Packages] ${ARCHIVE_URL} ${suite} main`;
    const apt = await isolateApt(folder, source, env);
    await apt.aptGet('update');
    await apt.aptGet('download', PACKAGE);
    const file = (await readdir(folder)).find((name) => name.endsWith('.deb'));
    if (file === undefined) throw unavailable(`apt-get downloaded no ${PACKAGE} from ${suite}`);
    const version = upstreamVersion(await apt.dpkgDeb('--field', file, 'Version'));
    if (!isAcceptable(version, wanted)) throw wrongVersion(wanted, suite, version);
    await apt.dpkgDeb('--extract', file, 'unpacked');
    return { binary: await readFile(join(folder, 'unpacked', BINARY_PATH)), version };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The version of the software in a Debian package version: `1:2.10.27-1+b2` gives `2.10.27`. */
export function upstreamVersion(debianVersion: string): Version {
  const upstream = /^(?:\d+:)?(\d+\.\d+\.\d+)(?:~([0-9A-Za-z.]+))?/.exec(debianVersion.trim());
  const version = upstream === null ? undefined : parseVersion(upstream.slice(1).filter(Boolean).join('-'));
  if (version === undefined)
    throw unavailable(`the Debian package has the version ${JSON.stringify(debianVersion)}`);
  return version;
}

function suiteOf(wanted: WantedVersion): DebianSuite {
  return KNOWN_VERSIONS.find(({ version }) => version === wanted)?.debianSuite ?? 'testing';
}

function isAcceptable(version: Version, wanted: WantedVersion): boolean {
  return wanted === 'pinned' || wanted === 'latest' || wanted === version;
}

async function requireApt({ path }: AptEnvironment): Promise<void> {
  for (const tool of ['apt-get', 'dpkg-deb']) {
    const found = await Promise.all(path.split(delimiter).map((folder) => isExecutable(join(folder, tool))));
    if (!found.includes(true)) throw unavailable(`there is no ${tool} on PATH`);
  }
}

async function findKeyring(): Promise<string> {
  for (const keyring of KEYRINGS) {
    const found = await access(keyring).then(
      () => true,
      () => false,
    );
    if (found) return keyring;
  }
  throw unavailable(`Debian's keys are not on this machine (${KEYRINGS[0]}, package debian-archive-keyring)`);
}

function unavailable(message: string): OperationError {
  return new OperationError(message, { code: DOWNLOAD_FAILED });
}

function wrongVersion(wanted: WantedVersion, suite: DebianSuite, found: Version): OperationError {
  const others = KNOWN_VERSIONS.filter(({ debianSuite }) => debianSuite !== suite);
  const offers = [
    `${suite} has ${found}`,
    ...others.map((known) => `${known.debianSuite} has ${known.version}`),
  ];
  return new OperationError(`Debian has no nats-server ${wanted}: ${offers.join(', ')}`, {
    code: 'VERSION_NOT_AVAILABLE',
    suggestions: [found, ...others.map((other) => other.version)].map((version) =>
      suggestCommand('server install', { flags: { version } }),
    ),
  });
}
