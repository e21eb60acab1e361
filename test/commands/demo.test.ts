import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { serverBinary } from '../support/nats-server.js';

const demo = fileURLToPath(new URL('../../examples/plutomi/demo.mjs', import.meta.url));
const folderIn = (text: string) => /started in (\S+)/.exec(text)?.[1] ?? '';

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false)).once('close', () => resolve(false));
    socket.once('data', () => socket.destroy());
  });
}

test('Ctrl-C in the middle of the demo ends everything that it started, exit 130', async () => {
  const child = execa(process.execPath, [demo], {
    env: { NATS_SERVER_BIN: await serverBinary(), NATS_URL: 'nats://127.0.0.1:1' },
    reject: false,
    stdin: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await expect.poll(() => text, { timeout: 30_000 }).toContain('e-mails received');
  const port = Number(/is running at nats:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
  expect(await listens(port)).toBe(true);
  child.kill('SIGINT');
  expect((await child).exitCode).toBe(130);
  await expect.poll(() => listens(port)).toBe(false);
  expect(existsSync(folderIn(text))).toBe(false);
  expect(text).not.toContain('\u001b');
});

test('a demo that fails exits with 1, and says where its logs are', async () => {
  const { exitCode, stdout } = await execa(process.execPath, [demo], {
    env: { NATS_SERVER_BIN: '/nowhere/nats-server' },
    reject: false,
  });
  const folder = folderIn(stdout);
  expect(folder).not.toBe('');
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/The demo failed: plutomi-events server start ended with 1/);
  expect(stdout).toContain(`Logs and data are in ${folder}`);
  expect(existsSync(folder)).toBe(true);
});
