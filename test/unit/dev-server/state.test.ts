import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  makeServerFolder,
  readLastState,
  readServerState,
  type ServerState,
  serverFiles,
  writeServerState,
} from '../../../src/lib/dev-server/state.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const state: ServerState = {
  url: 'nats://127.0.0.1:41233',
  pid: process.pid,
  store: '/nowhere/store',
  startedAt: '2026-01-01T00:00:00.000Z',
  version: '2.15.1',
};

test('what is written can be read, by its owner alone', async () => {
  const folder = await temporaryFolder();
  await makeServerFolder(folder);
  await writeServerState(folder, state);

  expect(await readLastState(folder)).toEqual(state);
  const files = serverFiles(folder);
  expect((await stat(files.state)).mode & 0o777).toBe(0o600);
  expect((await stat(files.folder)).mode & 0o777).toBe(0o700);
});

test('a process with that pid that is no nats-server of that store does not count', async () => {
  const folder = await temporaryFolder();
  await makeServerFolder(folder);
  await writeServerState(folder, state);
  expect(await readServerState(folder)).toBeUndefined();
});

test.each([
  ['no JSON', '{"url":'],
  ['no object', 'null'],
  ['a field is missing', JSON.stringify({ ...state, version: undefined })],
  ['a field has another type', JSON.stringify({ ...state, pid: '1' })],
  ['a host that is not this machine', JSON.stringify({ ...state, url: 'nats://example.com:4222' })],
])('a malformed file counts for nothing: %s', async (_what, content) => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, '.plutomi-events'));
  await writeFile(serverFiles(folder).state, content);
  expect(await readLastState(folder)).toBeUndefined();
  expect(await readServerState(folder)).toBeUndefined();
});
