import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { serverBinary } from '../support/nats-server.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const folderIn = (text: string) => / runs in (\S+)$/m.exec(text)?.[1] ?? '';

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false)).once('close', () => resolve(false));
    socket.once('data', () => socket.destroy());
  });
}

test('Ctrl-C in the middle of the demo ends everything that it started, exit 130', async () => {
  const child = execa(process.execPath, [bin, 'examples', 'run', 'plutomi'], {
    env: { NATS_SERVER_BIN: await serverBinary(), NATS_URL: 'nats://127.0.0.1:1' },
    reject: false,
    stdin: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGTERM'));
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  await eventually('both workers run', () => text.includes('3. '), 60_000);
  const port = Number(/nats:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
  expect(await listens(port)).toBe(true);
  child.kill('SIGINT');
  expect((await child).exitCode).toBe(130);
  await eventually('nothing listens', async () => !(await listens(port)));
  expect(existsSync(folderIn(text))).toBe(false);
  expect(text).not.toContain('\u001b');
}, 90_000);

test('a demo that fails exits with 1, and says where its logs are', async () => {
  const words = ['examples', 'run', 'plutomi', '--server', 'nats://127.0.0.1:1', '--yes'];
  const { exitCode, stdout, stderr } = await execa(process.execPath, [bin, ...words], { reject: false });
  const folder = folderIn(stderr);
  expect(folder).not.toBe('');
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/The example failed: plutomi-events pipeline apply --yes ended with 4/);
  expect(stdout).not.toMatch(/^ {4}at /m);
  expect(stderr).toContain(`its files and logs are in ${folder}`);
  expect(existsSync(folder)).toBe(true);
}, 60_000);
