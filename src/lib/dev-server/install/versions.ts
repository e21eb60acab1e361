/** A nats-server version such as `2.15.1` or `2.12.0-RC.3`, without the leading `v`. */
export type Version = `${number}.${number}.${string}`;

/** Which version to install: this one, the one the project is tested with, or the newest there is. */
export type WantedVersion = Version | 'pinned' | 'latest';

/** The oldest nats-server that the pipeline works with. */
export const MIN_VERSION: Version = '2.10.0';

/** The version that `server install` fetches when none is asked for. */
export const PINNED_VERSION: Version = '2.15.1';

/**
 * The versions that the project's tests run on, newest first, each with the Debian suite that has it.
 * A suite moves on with time: what it holds is checked when it is used.
 */
export const KNOWN_VERSIONS: readonly { readonly version: Version; readonly debianSuite: DebianSuite }[] = [
  { version: PINNED_VERSION, debianSuite: 'testing' },
  { version: '2.10.27', debianSuite: 'trixie' },
];

export type DebianSuite = 'testing' | 'trixie';

const VERSION = /^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?$/;

/** `v2.15.1` and `2.15.1` give `2.15.1`; undefined when it is not a version. */
export function parseVersion(text: string): Version | undefined {
  const trimmed = text.trim();
  return VERSION.test(trimmed) ? (trimmed.replace(/^v/, '') as Version) : undefined;
}

/** What `nats-server --version` prints (`nats-server: v2.15.1`), as a version; undefined when it is something else. */
export function parseVersionOutput(output: string): Version | undefined {
  const found = /^nats-server: (v?\S+)/m.exec(output)?.[1];
  return found === undefined ? undefined : parseVersion(found);
}

/** Below 0 when `a` is older than `b`, above 0 when it is newer. A pre-release is older than its release. */
export function compareVersions(a: Version, b: Version): number {
  const [left, right] = [VERSION.exec(a), VERSION.exec(b)];
  if (left === null || right === null) throw new TypeError(`not a version: ${left === null ? a : b}`);
  for (const index of [1, 2, 3]) {
    const difference = Number(left[index]) - Number(right[index]);
    if (difference !== 0) return difference;
  }
  const [leftPre, rightPre] = [left[4], right[4]];
  if (leftPre === rightPre) return 0;
  if (leftPre === undefined) return 1;
  if (rightPre === undefined) return -1;
  return leftPre.localeCompare(rightPre, 'en', { numeric: true });
}

/** Whether the pipeline works with this nats-server. */
export function isSupported(version: Version): boolean {
  return compareVersions(version, MIN_VERSION) >= 0;
}
