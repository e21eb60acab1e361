import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect } from 'vitest';
import { noProxyOf, proxyOf } from '../../../src/lib/http/proxy.js';
import { portOf, readLastState } from '../../../src/lib/dev-server/state.js';
import { readTarFile } from '../../../src/lib/dev-server/install/tar.js';
import {
  compareVersions,
  isSupported,
  parseVersion,
  parseVersionOutput,
} from '../../../src/lib/dev-server/install/versions.js';
import { mutated, nearly } from '../../support/hostile.js';
import { property } from '../../support/property.js';

const folder = mkdtempSync(join(tmpdir(), 'plutomi-fuzz-'));
mkdirSync(join(folder, '.plutomi-events'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const both = ['accepted', 'refused'];

const state = fc.record({
  url: fc.nat({ max: 65_535 }).map((port) => `nats://127.0.0.1:${port}`),
  pid: fc.integer({ min: 1, max: 99_999 }),
  store: fc.constant('/x/store'),
  startedAt: fc.constant('2026-01-31T12:00:00Z'),
  version: fc.constant('2.15.1'),
});

property("the state file of a folder's server is read, or counts for nothing", both, (seen) => {
  const text = fc.oneof(
    mutated(state).map((value) => JSON.stringify(value)),
    nearly(state.map((value) => JSON.stringify(value))),
  );
  return fc.asyncProperty(text, async (text) => {
    writeFileSync(join(folder, '.plutomi-events', 'server.json'), text);
    const found = await readLastState(folder);
    seen(found ? 'accepted' : 'refused');
    if (!found) return;
    const port = portOf(found.url);
    expect(Number.isInteger(port) && port >= 0 && port <= 65_535).toBe(true);
    expect(Number.isSafeInteger(found.pid) && found.pid > 0).toBe(true);
  });
});

const version = fc
  .tuple(fc.nat({ max: 30 }), fc.nat({ max: 30 }), fc.nat({ max: 30 }), fc.constantFrom('', '-RC.3', '-beta'))
  .map(([a, b, c, rest]) => `${a}.${b}.${c}${rest}`);

property('a version is refused, or can be ordered', both, (seen) =>
  fc.property(nearly(version), version, (text, other) => {
    const found = parseVersion(text);
    seen(found ? 'accepted' : 'refused');
    if (!found) return;
    expect(parseVersionOutput(`nats-server: v${found}\n`)).toBe(found);
    const known = parseVersion(other) ?? '2.10.0';
    expect(Math.sign(compareVersions(found, known))).toBe(-Math.sign(compareVersions(known, found)) + 0);
    expect(typeof isSupported(found)).toBe('boolean');
  }),
);

property('an archive has the file, or has it not, whatever its bytes', ['found'], (seen) => {
  const valid = fc.uint8Array({ maxLength: 600 }).map((content) => {
    const tar = Buffer.alloc(512 + Math.ceil(content.length / 512) * 512);
    tar.write('nats-server-v2/nats-server');
    tar.write(content.length.toString(8).padStart(11, '0'), 124);
    tar.write('0', 156);
    tar.set(content, 512);
    return tar;
  });
  const edit = fc.tuple(fc.nat({ max: 1100 }), fc.integer({ min: 0, max: 255 }));
  return fc.property(valid, fc.array(edit, { maxLength: 3 }), fc.nat({ max: 1200 }), (tar, edits, length) => {
    for (const [at, byte] of edits) if (at < tar.length) tar[at] = byte;
    const found = readTarFile(tar.subarray(0, length), 'nats-server');
    if (found) seen('found');
    expect(found?.length ?? 0).toBeLessThanOrEqual(length);
  });
});

property('a proxy is a web URL, none, or refused', both, (seen) => {
  const proxy = fc.constantFrom(
    'http://proxy.test:3128',
    'https://u:p@proxy.test',
    'proxy.test:80',
    'socks5://x',
  );
  const list = fc.array(fc.constantFrom('a.test', '.test', '*.b.test:443', '*', '[::1]:8443'), {
    maxLength: 3,
  });
  const around = list.map((entries) => entries.join(','));
  return fc.property(nearly(proxy), nearly(around), (httpsProxy, noProxy) => {
    try {
      const found = proxyOf('https:', { httpsProxy });
      expect(noProxyOf({ noProxy })).not.toMatch(/\s/);
      seen('accepted');
      if (found) expect(found.protocol).toMatch(/^https?:$/);
    } catch (error) {
      seen('refused');
      expect(error).toBeInstanceOf(TypeError);
    }
  });
});
