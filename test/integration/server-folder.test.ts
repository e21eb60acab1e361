import { existsSync, rmSync } from 'node:fs';
import { chown, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  type FolderServerOptions,
  startFolderServer,
  stopFolderServer,
} from '../../src/lib/dev-server/folder-server.js';
import { systemClock } from '../../src/lib/flow/clock.js';
import { readInfo } from '../../src/lib/dev-server/ready.js';
import { makeServerFolder, portOf, readServerState, serverFiles } from '../../src/lib/dev-server/state.js';
import { serverBinary } from '../support/nats-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { containing, worded } from '../support/suggestions.js';

/** A folder whose server, if any, is stopped when the running test has finished. */
async function projectFolder(): Promise<FolderServerOptions> {
  const cwd = await temporaryFolder();
  const clock = { ...systemClock, now: () => Date.parse('2026-01-01T00:00:00Z') };
  const project = { cwd, binary: await serverBinary(), clock, pid: process.pid };
  onTestFinished(async () => {
    await stopFolderServer(project);
  });
  return project;
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

  expect(await stopFolderServer({ ...project, cwd: below })).toEqual(state);
  expect(await readServerState(project.cwd)).toBeUndefined();
  expect(await stopFolderServer(project)).toBeUndefined();
  expect(await readFile(serverFiles(project.cwd).log, 'utf8')).not.toMatch(/\[ERR\]/);
});

test('started at the same time, there is one', async () => {
  const project = await projectFolder();
  const all = await Promise.all([1, 2, 3].map(() => startFolderServer(project)));
  expect(new Set(all.map(({ state }) => state.pid)).size).toBe(1);
  expect(all.filter(({ started }) => started)).toHaveLength(1);
});

test('a start waits for one that tries two ports, with the whole time to get ready for each', async () => {
  const project = await projectFolder();
  const { lock } = serverFiles(project.cwd);
  await makeServerFolder(project.cwd);
  await writeFile(lock, String(process.pid));
  let nowMs = 0;
  const monotonic = (): number => {
    if (nowMs < 60_000) nowMs += 10_000;
    else rmSync(lock, { force: true });
    return nowMs;
  };
  const { started } = await startFolderServer({ ...project, clock: { ...project.clock, monotonic } });
  expect(started).toBe(true);
  expect(nowMs).toBe(60_000);
});

test('after a stop or a crash it comes back on the same port', async () => {
  const project = await projectFolder();
  const { state: first } = await startFolderServer(project);
  await stopFolderServer(project);
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
  await stopFolderServer(project);
  const squatter = createServer().listen(portOf(first.url), '127.0.0.1');
  onTestFinished(() => void squatter.close());
  const { state: second } = await startFolderServer(project);
  expect(second.url).not.toBe(first.url);
  await expect(startFolderServer({ ...project, port: portOf(first.url) })).rejects.toMatchObject({
    code: 'SERVER_ON_OTHER_PORT',
  });
  await stopFolderServer(project);
  await expect(startFolderServer({ ...project, port: portOf(first.url) })).rejects.toMatchObject({
    code: 'SERVER_EXITED',
  });
});

test('what a copied folder, or one behind a link, says is not stopped', async () => {
  const project = await projectFolder();
  const { state } = await startFolderServer(project);
  const [copy, link] = [await temporaryFolder(), await temporaryFolder()];
  await cp(serverFiles(project.cwd).folder, serverFiles(copy).folder, { recursive: true });
  await symlink(serverFiles(project.cwd).folder, serverFiles(link).folder);
  for (const folder of [copy, link]) {
    await expect(stopFolderServer({ ...project, cwd: folder })).rejects.toMatchObject({
      code: 'NOT_OF_THIS_FOLDER',
      message: expect.stringContaining(`(pid ${state.pid})`),
      suggestions: [worded(`cd ${project.cwd} && plutomi-events server stop`), containing('kill')],
    });
  }
  expect(await readServerState(project.cwd)).toEqual(state);
});

test.runIf(process.getuid?.() === 0)('the server of somebody else is neither used nor stopped', async () => {
  const project = await projectFolder();
  await startFolderServer(project);
  const { folder, state } = serverFiles(project.cwd);
  const trust = { uid: 0, folders: [] };
  for (const path of [folder, state]) {
    await chown(path, 4711, 4711);
    await expect(readServerState(project.cwd, trust)).rejects.toMatchObject({ code: 'NOT_YOURS' });
    await expect(stopFolderServer({ ...project, trust })).rejects.toMatchObject({ code: 'NOT_YOURS' });
    await expect(startFolderServer({ ...project, trust })).rejects.toMatchObject({ code: 'NOT_YOURS' });
    await chown(path, 0, 0);
  }
});
