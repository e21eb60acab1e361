import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { cachedServerPath, locateServer, type ServerLocations } from '../../../src/lib/dev-server/locate.js';
import { PINNED_VERSION, type Version } from '../../../src/lib/dev-server/install/versions.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const hasSystemServer = ['/usr/sbin', '/usr/local/sbin'].some((folder) =>
  existsSync(join(folder, 'nats-server')),
);

async function writeServer(path: string, version: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho 'nats-server: v${version}'\n`, { mode: 0o700 });
  return path;
}

async function cacheWith(...versions: Version[]): Promise<ServerLocations> {
  const locations = { cacheHome: await temporaryFolder(), path: '' };
  for (const version of versions) await writeServer(cachedServerPath(locations, version), version);
  return locations;
}

test('NATS_SERVER_BIN comes before everything else', async () => {
  const folder = await temporaryFolder();
  const natsServerBin = await writeServer(join(folder, 'mine'), '2.11.0');
  await writeServer(join(folder, 'nats-server'), '2.12.0');
  const locations = { ...(await cacheWith(PINNED_VERSION)), natsServerBin, path: folder };
  expect(await locateServer(locations)).toEqual({
    path: natsServerBin,
    version: '2.11.0',
    from: 'NATS_SERVER_BIN',
  });
});

test.each([
  ['is too old', '2.9.25', /it is version 2\.9\.25, and 2\.10\.0 is the oldest that works/],
  ['is something else', 'x.y', /it answers --version with "nats-server: vx\.y\\n"/],
])('a NATS_SERVER_BIN that %s is an error, never ignored', async (_what, version, message) => {
  const natsServerBin = await writeServer(join(await temporaryFolder(), 'mine'), version);
  const locations = { ...(await cacheWith(PINNED_VERSION)), natsServerBin };
  await expect(locateServer(locations)).rejects.toMatchObject({ code: 'NATS_SERVER_BIN_UNUSABLE', message });
});

test('a NATS_SERVER_BIN that is missing is an error', async () => {
  const locations = { ...(await cacheWith(PINNED_VERSION)), natsServerBin: '/nowhere/nats-server' };
  await expect(locateServer(locations)).rejects.toMatchObject({
    code: 'NATS_SERVER_BIN_UNUSABLE',
    message: /ENOENT/,
  });
});

test('the first on PATH that is new enough comes before the cache', async () => {
  const folder = await temporaryFolder();
  await writeServer(join(folder, 'old/nats-server'), '2.9.10');
  const path = await writeServer(join(folder, 'new/nats-server'), '2.10.0');
  const locations = { ...(await cacheWith(PINNED_VERSION)), path: `${folder}/old:relative:${folder}/new` };
  expect(await locateServer(locations)).toEqual({ path, version: '2.10.0', from: 'PATH' });
});

test.runIf(!hasSystemServer)('of the cache, the pinned version, else the newest that works', async () => {
  const withPinned = await cacheWith('2.10.27', PINNED_VERSION, '2.99.0');
  expect(await locateServer(withPinned)).toMatchObject({ version: PINNED_VERSION, from: 'cache' });
  const without = await cacheWith('2.10.27', '2.10.3', '2.9.25');
  expect(await locateServer(without)).toMatchObject({ version: '2.10.27', from: 'cache' });
  expect(await locateServer(await cacheWith('2.9.25'))).toBeUndefined();
  expect(await locateServer(await cacheWith())).toBeUndefined();
});
