import { expect, test } from 'vitest';
import { assetName, readChecksum } from '../../../../src/lib/dev-server/install/release.js';

test('the archive is named as the releases name it', () => {
  expect(assetName('2.15.1', { platform: 'linux', arch: 'x64' })).toBe(
    'nats-server-v2.15.1-linux-amd64.tar.gz',
  );
  expect(assetName('2.15.1', { platform: 'darwin', arch: 'arm64' })).toBe(
    'nats-server-v2.15.1-darwin-arm64.tar.gz',
  );
  expect(assetName('2.15.1', { platform: 'win32', arch: 'x64' })).toBeUndefined();
  expect(assetName('2.15.1', { platform: 'linux', arch: 'riscv64' })).toBeUndefined();
});

test('a checksum belongs to the whole name of its file', () => {
  const [one, two] = ['a'.repeat(64), 'B'.repeat(64)];
  const sums = `${one}  nats-server.tar.gz.sbom\r\n${two} *nats-server.tar.gz\r\n`;
  expect(readChecksum(sums, 'nats-server.tar.gz')).toBe('b'.repeat(64));
  expect(readChecksum(sums, 'server.tar.gz')).toBeUndefined();
  expect(readChecksum('abc  nats-server.tar.gz', 'nats-server.tar.gz')).toBeUndefined();
});
