import { expect, test } from 'vitest';
import { upstreamVersion } from '../../../../src/lib/dev-server/install/debian.js';

test.each([
  ['2.15.1-1\n', '2.15.1'],
  ['2.10.27-1+b2', '2.10.27'],
  ['1:2.10.27+ds-3', '2.10.27'],
  ['2.12.0~RC.3-1', '2.12.0-RC.3'],
])('the Debian package %j holds version %j', (debianVersion, version) => {
  expect(upstreamVersion(debianVersion)).toBe(version);
});

test('a package version without a version is refused', () => {
  expect(() => upstreamVersion('git20260101-1')).toThrow('git20260101-1');
});
