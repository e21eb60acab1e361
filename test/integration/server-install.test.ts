import { access, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { installServer } from '../../src/lib/dev-server/install/install.js';
import type { ReleaseSource } from '../../src/lib/dev-server/install/release.js';
import {
  cachedServerPath,
  readServerVersion,
  type ServerLocations,
} from '../../src/lib/dev-server/locate.js';
import { fakeApt } from '../support/fake-apt.js';
import { hiddenUrl, makeRelease, releaseFiles, startMirror, startProxy } from '../support/release-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const wanted = '2.12.3';

/** An environment whose cache is empty and where no apt is to be had. */
async function emptyEnvironment(source: ReleaseSource): Promise<ServerLocations & ReleaseSource> {
  return { cacheHome: await temporaryFolder(), path: '/nonexistent', ...source };
}

async function cachedFiles({ cacheHome }: ServerLocations): Promise<string[]> {
  const entries = await readdir(cacheHome, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test('a release with the right checksum is installed, found, and not downloaded again', async () => {
  const mirror = await startMirror(releaseFiles(wanted, await makeRelease(wanted)));
  const environment = await emptyEnvironment({ natsMirror: `${mirror.url}/` });
  const path = cachedServerPath(environment, wanted);

  expect(await installServer({ wanted, environment })).toEqual({ path, version: wanted, from: 'release' });
  expect(await cachedFiles(environment)).toEqual([path]);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  expect(await installServer({ wanted, environment })).toMatchObject({ path, from: 'cache' });
  expect(mirror.requests).toHaveLength(2);
});

test('--latest follows the redirect of the releases to the newest one', async () => {
  const files = Object.entries(releaseFiles(wanted, await makeRelease(wanted)));
  const mirror = await startMirror({
    ...Object.fromEntries(files.map(([path, body]) => [`/releases/download${path}`, body])),
    '/releases/latest': { location: `/releases/tag/v${wanted}` },
  });
  const environment = await emptyEnvironment({ natsMirror: `${mirror.url}/releases/download` });
  expect(await installServer({ wanted: 'latest', environment })).toMatchObject({
    version: wanted,
    from: 'release',
  });
});

test('a redirect to another place is followed', async () => {
  const release = await makeRelease(wanted);
  const files = releaseFiles(wanted, release);
  const storage = await startMirror({ '/blob': release.archive });
  const asset = `/v${wanted}/${release.asset}`;
  const mirror = await startMirror({ ...files, [asset]: { location: `${storage.url}/blob` } });
  const environment = await emptyEnvironment({ natsMirror: mirror.url });
  expect(await installServer({ wanted, environment })).toMatchObject({ from: 'release' });
  expect(storage.requests).toEqual(['GET /blob']);
});

test.each([
  [
    'another checksum',
    'CHECKSUM_MISMATCH',
    (sums: string) => sums.replace(/[0-9a-f]{64}(?=\S* +\S*tar)/, 'f'.repeat(64)),
  ],
  ['no line for the archive', 'CHECKSUM_MISSING', (sums: string) => sums.split('\n')[0] ?? ''],
])('SHA256SUMS with %s: refused, nothing is left, and apt is not asked', async (_what, code, change) => {
  const release = await makeRelease(wanted);
  const mirror = await startMirror(releaseFiles(wanted, { ...release, sums: change(release.sums) }));
  const apt = await fakeApt(wanted);
  const environment = { ...(await emptyEnvironment({ natsMirror: mirror.url })), path: apt.path };

  await expect(installServer({ wanted, environment })).rejects.toMatchObject({ code });
  expect(await cachedFiles(environment)).toEqual([]);
  expect(await apt.calls()).toEqual([]);
});

test('a binary that says it is another version is refused, and nothing is left', async () => {
  const mirror = await startMirror(releaseFiles(wanted, await makeRelease(wanted, '2.12.4')));
  const environment = await emptyEnvironment({ natsMirror: mirror.url });
  await expect(installServer({ wanted, environment })).rejects.toMatchObject({
    code: 'BAD_ARCHIVE',
    message: `the nats-server ${wanted} that was fetched says that it is 2.12.4`,
  });
  expect(await cachedFiles(environment)).toEqual([]);
});

test('installs at the same time all end with the whole binary', async () => {
  const mirror = await startMirror(releaseFiles(wanted, await makeRelease(wanted)));
  const environment = await emptyEnvironment({ natsMirror: mirror.url });
  const installs = Array.from({ length: 4 }, () => installServer({ wanted, environment }));
  expect(new Set((await Promise.all(installs)).map(({ path }) => path)).size).toBe(1);
  expect(await cachedFiles(environment)).toEqual([cachedServerPath(environment, wanted)]);
  expect(await readServerVersion(cachedServerPath(environment, wanted))).toBe(wanted);
});

test('a version that is too old is refused before anything is downloaded', async () => {
  const mirror = await startMirror({});
  const environment = await emptyEnvironment({ natsMirror: mirror.url });
  await expect(installServer({ wanted: '2.9.25', environment })).rejects.toMatchObject({
    code: 'VERSION_TOO_OLD',
  });
  expect(mirror.requests).toEqual([]);
});

test('an http mirror is reached through HTTP_PROXY, with its credentials', async () => {
  const mirror = await startMirror(releaseFiles(wanted, await makeRelease(wanted)));
  const proxy = await startProxy('me:p@ss');
  const httpProxy = proxy.url.replace('//', '//me:p%40ss@');
  const environment = await emptyEnvironment({ natsMirror: hiddenUrl(mirror), httpProxy });
  expect(await installServer({ wanted, environment })).toMatchObject({ from: 'release' });
  expect(proxy.requests[0]).toBe(`GET ${hiddenUrl(mirror)}/v${wanted}/SHA256SUMS`);
});

test('NO_PROXY goes past the proxy', async () => {
  const mirror = await startMirror(releaseFiles(wanted, await makeRelease(wanted)));
  const proxy = await startProxy();
  const environment = await emptyEnvironment({
    natsMirror: mirror.url,
    httpProxy: proxy.url,
    noProxy: '127.0.0.1',
  });
  expect(await installServer({ wanted, environment })).toMatchObject({ from: 'release' });
  expect(proxy.requests).toEqual([]);
});

test('of the URL of a mirror nothing but its host and the file is told', async () => {
  const mirror = await startMirror({});
  const natsMirror = `${mirror.url.replace('//', '//me:hunter2@')}/hunter2/releases`;
  const environment = await emptyEnvironment({ natsMirror });
  const error = await installServer({ wanted, environment }).catch((error: unknown) => error as Error);
  expect((error as Error).message).toContain(
    `cannot download ${mirror.url}/…/v${wanted}/SHA256SUMS: the answer is 404`,
  );
  expect((error as Error).message).not.toContain('hunter2');
  expect(mirror.requests[0]).toBe(`GET /hunter2/releases/v${wanted}/SHA256SUMS`);
});

test('a proxy that refuses the tunnel is named, without its password', async () => {
  const proxy = await startProxy('me:right');
  const httpsProxy = proxy.url.replace('//', '//me:wrong@');
  const environment = await emptyEnvironment({ natsMirror: 'https://mirror.invalid', httpsProxy });
  const error = await installServer({ wanted, environment }).catch((error: unknown) => error as Error);
  expect(error).toMatchObject({ code: 'CANNOT_INSTALL' });
  expect((error as Error).message).toContain(
    `the proxy ${new URL(proxy.url).host} answers 407 to CONNECT mirror.invalid:443`,
  );
  expect((error as Error).message).not.toContain('wrong');
  expect(proxy.requests).toEqual(['CONNECT mirror.invalid:443']);
});

test('neither the release nor apt: the error says why for both, and what to set', async () => {
  const mirror = await startMirror({});
  const environment = await emptyEnvironment({ natsMirror: mirror.url });
  const error = await installServer({ wanted, environment }).catch((error: unknown) => error);
  expect(error).toMatchObject({
    code: 'CANNOT_INSTALL',
    message: expect.stringMatching(
      /GitHub: cannot download .*SHA256SUMS: the answer is 404.*Debian: there is no apt-get/,
    ),
    suggestions: [expect.stringContaining('PLUTOMI_NATS_MIRROR'), expect.stringContaining('NATS_SERVER_BIN')],
  });
});

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const hasDebianKeys = await access(keyring).then(
  () => true,
  () => false,
);

test.runIf(hasDebianKeys)('404 from the mirror falls back to apt, in a folder of its own', async () => {
  const mirror = await startMirror({});
  const apt = await fakeApt(wanted);
  const environment = { ...(await emptyEnvironment({ natsMirror: mirror.url })), path: apt.path };
  const steps: string[] = [];

  const installed = await installServer({ wanted, environment, onStep: (step) => steps.push(step) });

  expect(installed).toEqual({ path: cachedServerPath(environment, wanted), version: wanted, from: 'debian' });
  expect(await apt.calls()).toEqual([
    expect.stringMatching(/^apt-get --config-file (\/.*\/plutomi-apt-\w+)\/apt.conf --quiet=2 update$/),
    expect.stringMatching(/^apt-get --config-file .* --quiet=2 download nats-server$/),
    expect.stringMatching(/^dpkg-deb --field nats-server_fake.deb Version$/),
    expect.stringMatching(/^dpkg-deb --extract nats-server_fake.deb unpacked$/),
  ]);
  expect(steps.join('\n')).toMatch(/404.*trying Debian's package/);
});

test.runIf(hasDebianKeys)('Debian has moved on to another version', async () => {
  const mirror = await startMirror({});
  const apt = await fakeApt('2.99.0');
  const environment = { ...(await emptyEnvironment({ natsMirror: mirror.url })), path: apt.path };

  await expect(installServer({ wanted: '2.12.3', environment })).rejects.toMatchObject({
    code: 'VERSION_NOT_AVAILABLE',
    message: 'Debian has no nats-server 2.12.3: testing has 2.99.0, trixie has 2.10.27',
  });
  await expect(installServer({ wanted: '2.15.1', environment })).rejects.toMatchObject({
    code: 'VERSION_NOT_AVAILABLE',
  });
  expect(await installServer({ environment })).toMatchObject({ version: '2.99.0', from: 'debian' });
});

test.runIf(hasDebianKeys)('what apt complains about is in the error', async () => {
  const mirror = await startMirror({});
  const apt = await fakeApt(wanted, { updateFails: 'E: The repository is not signed.' });
  const environment = { ...(await emptyEnvironment({ natsMirror: mirror.url })), path: apt.path };
  await expect(installServer({ wanted, environment })).rejects.toMatchObject({
    code: 'CANNOT_INSTALL',
    message: expect.stringContaining('Debian: apt-get failed: E: The repository is not signed.'),
  });
});
