import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readEnvironment } from '../../../src/lib/connection/environment.js';
import { fetchDebianPackage } from '../../../src/lib/dev-server/install/debian.js';
import { readServerVersion } from '../../../src/lib/dev-server/locate.js';
import {
  MIN_VERSION,
  compareVersions,
  type WantedVersion,
} from '../../../src/lib/dev-server/install/versions.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;

const hasDebianMirror = await fetch('http://deb.debian.org/debian/dists/trixie/Release', {
  signal: AbortSignal.timeout(10_000),
}).then(
  ({ ok }) => ok && process.platform === 'linux',
  () => false,
);

function becomeNobody(): void {
  process.setegid?.(NOBODY);
  process.seteuid?.(NOBODY);
  onTestFinished(() => {
    process.seteuid?.(0);
    process.setegid?.(0);
  });
}

const cases: [string, WantedVersion][] = [
  ['as this user', '2.10.27'],
  [isRoot ? 'as nobody' : 'as this user', 'latest'],
];

test.runIf(hasDebianMirror).each(cases)("the real archive's signed package, %s: %s", async (user, wanted) => {
  const folder = await temporaryFolder();
  if (user === 'as nobody') becomeNobody();
  const { binary, version } = await fetchDebianPackage(wanted, readEnvironment());
  if (user === 'as nobody') process.seteuid?.(0);

  const path = join(folder, 'nats-server');
  await writeFile(path, binary, { mode: 0o700 });
  expect(await readServerVersion(path)).toBe(version);
  if (wanted === 'latest') expect(compareVersions(version, MIN_VERSION)).toBeGreaterThan(0);
  else expect(version).toBe(wanted);
});
