import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  type FolderServerOptions,
  startFolderServer,
  stopFolderServer,
} from '../../src/lib/server/folder-server.js';
import { readInfo } from '../../src/lib/server/ready.js';
import { portOf, readServerState, serverFiles } from '../../src/lib/server/state.js';
import { serverBinary } from '../support/nats-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A folder whose server, if any, is stopped when the running test has finished. */
async function projectFolder(): Promise<FolderServerOptions> {
  const cwd = await temporaryFolder();
  onTestFinished(async () => {
    await stopFolderServer(cwd);
  });
  return { cwd, binary: await serverBinary(), now: () => new Date('2026-01-01T00:00:00Z') };
}

test('started twice, there is one; it is found in the folder and below it; stopped, there is none', async () => {
  const project = await projectFolder();
  const { state, started } = await startFolderServer(project);
  expect(started).toBe(true);
  expect(state).toMatchObject({
    store: join(project.cwd, '.plutomi-events/store'),
    startedAt: '2026-01-01T00:00:00.000Z',
  });
  expect((await readInfo(state.url, 1_000)).version).toBe(state.version);

  const below = join(project.cwd, 'a/b');
  await mkdir(below, { recursive: true });
  expect(await readServerState(below)).toEqual(state);
  expect(await startFolderServer({ ...project, cwd: below })).toEqual({ state, started: false });
  expect(await startFolderServer(project)).toEqual({ state, started: false });
  expect(existsSync(join(below, '.plutomi-events'))).toBe(false);

  expect(await stopFolderServer(below)).toEqual(state);
  expect(await readServerState(project.cwd)).toBeUndefined();
  expect(await stopFolderServer(project.cwd)).toBeUndefined();
  expect(await readFile(serverFiles(project.cwd).log, 'utf8')).not.toMatch(/\[ERR\]/);
});

test('started at the same time, there is one', async () => {
  const project = await projectFolder();
  const all = await Promise.all([1, 2, 3].map(() => startFolderServer(project)));
  expect(new Set(all.map(({ state }) => state.pid)).size).toBe(1);
  expect(all.filter(({ started }) => started)).toHaveLength(1);
});

test('after a stop or a crash it comes back on the same port', async () => {
  const project = await projectFolder();
  const { state: first } = await startFolderServer(project);
  await stopFolderServer(project.cwd);
  const { state: second } = await startFolderServer(project);
  expect(second.url).toBe(first.url);

  process.kill(second.pid, 'SIGKILL');
  await expect.poll(() => readServerState(project.cwd)).toBeUndefined();
  const { state: third } = await startFolderServer(project);
  expect(third.url).toBe(first.url);
  expect(third.pid).not.toBe(second.pid);
});

test('when its last port was taken meanwhile, it takes another', async () => {
  const project = await projectFolder();
  const { state: first } = await startFolderServer(project);
  await stopFolderServer(project.cwd);
  const squatter = createServer().listen(portOf(first.url), '127.0.0.1');
  onTestFinished(() => void squatter.close());
  const { state: second } = await startFolderServer(project);
  expect(second.url).not.toBe(first.url);
  await expect(startFolderServer({ ...project, port: portOf(first.url) })).rejects.toMatchObject({
    code: 'SERVER_ON_OTHER_PORT',
  });
  await stopFolderServer(project.cwd);
  await expect(startFolderServer({ ...project, port: portOf(first.url) })).rejects.toMatchObject({
    code: 'SERVER_EXITED',
  });
});
