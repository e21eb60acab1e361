import { describe, expect, test } from 'vitest';
import {
  compareVersions,
  isSupported,
  KNOWN_VERSIONS,
  MIN_VERSION,
  PINNED_VERSION,
  parseVersion,
  parseVersionOutput,
  type Version,
} from '../../../../src/lib/dev-server/install/versions.js';

describe('parseVersion', () => {
  test.each([
    ['2.15.1', '2.15.1'],
    ['v2.15.1', '2.15.1'],
    [' v2.12.0-RC.3\n', '2.12.0-RC.3'],
    ['2.15', undefined],
    ['latest', undefined],
    ['../../2.15.1', undefined],
    ['2.15.1/../..', undefined],
  ])('%j is %j', (text, version) => {
    expect(parseVersion(text)).toBe(version);
  });
});

test('the output of nats-server --version', () => {
  expect(parseVersionOutput('nats-server: v2.10.27\n')).toBe('2.10.27');
  expect(parseVersionOutput('nats: 0.1.5\n')).toBeUndefined();
});

test('versions are ordered by number, a pre-release before its release', () => {
  const ordered: Version[] = [
    '2.9.25',
    '2.10.0-beta.2',
    '2.10.0-beta.10',
    '2.10.0',
    '2.10.2',
    '2.10.27',
    '2.15.1',
  ];
  expect(ordered.toReversed().toSorted(compareVersions)).toEqual(ordered);
});

test('2.10 is the oldest that works', () => {
  expect(isSupported(MIN_VERSION)).toBe(true);
  expect(isSupported('2.9.25')).toBe(false);
  expect(isSupported('2.10.0-beta.1')).toBe(false);
});

test('the pinned version is the newest of those known, and all of them work', () => {
  const versions = KNOWN_VERSIONS.map(({ version }) => version);
  expect(versions[0]).toBe(PINNED_VERSION);
  expect(versions.toSorted(compareVersions).toReversed()).toEqual(versions);
  expect(versions.every(isSupported)).toBe(true);
});
