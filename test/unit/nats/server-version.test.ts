import { expect, test } from 'vitest';
import { versionAtLeast } from '../../../src/lib/nats/server-version.js';

test.each([
  ['2.10.0', '2.10.0', true],
  ['2.10.1', '2.10.0', true],
  ['2.15.1', '2.10.0', true],
  ['2.9.25', '2.10.0', false],
  ['2.10.0', '2.9.25', true],
  ['3.0.0', '2.10.0', true],
  ['1.99.99', '2.10.0', false],
  ['2.10.0-beta.7', '2.10.0', true],
  ['2.11.0-RC.3', '2.11.0', true],
  ['2.10', '2.10.0', true],
  ['2.9', '2.10.0', false],
  ['', '2.10.0', false],
  ['dev', '2.10.0', false],
])('version %j is at least %j: %s', (version, least, is) => {
  expect(versionAtLeast(version, least)).toBe(is);
});
