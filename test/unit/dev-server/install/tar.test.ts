import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { readTarFile } from '../../../../src/lib/dev-server/install/tar.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const run = promisify(execFile);

test('finds the regular file of that name, whatever comes before it', async () => {
  const folder = await temporaryFolder();
  const content = Buffer.alloc(1_500, 'x');
  await mkdir(join(folder, 'a/nats-server'), { recursive: true });
  await mkdir(join(folder, 'b'));
  await mkdir(join(folder, 'c'));
  await writeFile(join(folder, 'a/README.md'), 'r'.repeat(512));
  await symlink('/etc/passwd', join(folder, 'b/nats-server'));
  await writeFile(join(folder, 'c/nats-server'), content);
  await run('tar', ['-cf', 'all.tar', 'a', 'b', 'c'], { cwd: folder });
  const tar = await readFile(join(folder, 'all.tar'));

  expect(readTarFile(tar, 'nats-server')).toEqual(content);
  expect(readTarFile(tar, 'nats')).toBeUndefined();
  expect(readTarFile(tar.subarray(0, tar.indexOf(content) + 100), 'nats-server')).toBeUndefined();
});

test('something else than a tar archive holds no file', () => {
  expect(readTarFile(Buffer.from('<html>'), 'nats-server')).toBeUndefined();
  expect(readTarFile(Buffer.alloc(10_240), 'nats-server')).toBeUndefined();
});
