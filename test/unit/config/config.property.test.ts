import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect } from 'vitest';
import { appliedDocument, decodeApplied } from '../../../src/lib/config/applied/applied-document.js';
import { configFromStored } from '../../../src/lib/config/applied/from-stored.js';
import { storedConfigOf } from '../../../src/lib/config/applied/stored-config.js';
import { describeConfig } from '../../../src/lib/config/describe.js';
import { stringify } from 'yaml';
import { readJson } from '../../../src/lib/config/file/read-json.js';
import { readYaml } from '../../../src/lib/config/file/read-yaml.js';
import { resolveConfig } from '../../../src/lib/config/resolve.js';
import { validateConfig } from '../../../src/lib/config/validation/validate.js';
import { describeError } from '../../../src/lib/cli/output/describe-error.js';
import { ConfigError } from '../../../src/lib/errors.js';
import { outline } from '../../../src/lib/render/outline.js';
import { desiredTopology } from '../../../src/lib/topology/desired.js';
import { mutated, nearly, oddJson, unprintable } from '../../support/hostile.js';
import { property } from '../../support/property.js';

const folder = mkdtempSync(join(tmpdir(), 'plutomi-fuzz-'));
writeFileSync(join(folder, 'handler.mjs'), 'export default async () => {};\n');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const duration = fc.constantFrom('0s', '100ms', '2s', '1m30s', '1h', '7d', '3w');
const backoff = fc.array(duration, { maxLength: 3 });
const size = fc.oneof(fc.constantFrom('1MB', '10GiB', '512B'), fc.integer({ min: 1, max: 1e9 }));
const optional = { requiredKeys: [] };

const stream = fc.record(
  {
    name: fc.constantFrom('events', 'a', 'b', 'orders'),
    subjects: fc.constantFrom(['events.>'], ['a.>'], ['orders.*', 'events.>']),
    storage: fc.constantFrom('file', 'memory'),
    replicas: fc.constantFrom(1, 3),
    maxBytes: size,
    maxMsgs: fc.integer({ min: 1, max: 1e6 }),
    discard: fc.constantFrom('old', 'new'),
    duplicateWindow: duration,
    maxAge: duration,
    compression: fc.constantFrom('s2', 'none'),
    description: fc.constant('what it holds'),
    metadata: fc.dictionary(fc.constantFrom('team', 'a.b'), fc.constantFrom('x', 'y')),
    placement: fc.record({ cluster: fc.constant('c1'), tags: fc.constant(['eu', 'ssd']) }, optional),
  },
  optional,
);

const consumer = fc
  .record(
    {
      concurrency: fc.integer({ min: 1, max: 20 }),
      buffer: fc.integer({ min: 1, max: 100 }),
      timeout: duration,
      ackWait: duration,
      start: fc.constantFrom('all', 'new', { seq: 5 }, { time: '2026-01-31T12:00:00Z' }),
      attempts: fc.integer({ min: 1, max: 5 }),
      backoff,
      retry: fc.oneof(
        fc.constant(false),
        fc.record({ delay: duration, attempts: fc.integer({ min: 1, max: 3 }), backoff }, optional),
      ),
      ordered: fc.boolean(),
      confirmAcks: fc.boolean(),
      numbers: fc.constantFrom('number', 'bigint', 'text'),
      onDeadLetter: fc.constantFrom(
        {},
        { webhook: 'https://u:p@example.com/x?y=z' },
        { handler: './handler.mjs' },
        { subject: 'DLQ.{consumer}' },
        { webhook: 'https://example.com', subject: 'failed' },
        { subject: 'events.failed' },
      ),
    },
    optional,
  )
  .map((rest) => ({ events: ['totp.requested'], handler: './handler.mjs', ...rest }));

/** What people write: much of it is valid. */
const config = fc
  .record(
    {
      replicas: fc.constantFrom(1, 3),
      event: fc.record(
        {
          description: fc.constant('somebody wants a code'),
          owner: fc.constantFrom('login', 'billing'),
          subject: fc.constantFrom('events.{tenant}.totp', 'events.totp.{id}'),
          examples: fc.array(fc.jsonValue(), { minLength: 1, maxLength: 2 }),
          deprecated: fc.constantFrom(true, false, 'use totp.asked'),
          maxBytes: size,
        },
        optional,
      ),
      subjectPrefix: fc.constantFrom('shop', 'events', 'a.b'),
      cluster: fc.constantFrom('c1', 'eu west'),
      streams: fc.record({ events: stream, retry: stream, dlq: stream, advisories: stream }, optional),
      consumers: fc.dictionary(fc.constantFrom('mailer', 'audit', 'c'), consumer, { maxKeys: 2 }),
      meta: fc.record({ attempts: fc.integer({ min: 1, max: 5 }), backoff, ackWait: duration }, optional),
      server: fc.record(
        { url: fc.constantFrom('nats://h:4222', 'a,b'), context: fc.constant('x') },
        optional,
      ),
    },
    optional,
  )
  .map(({ event = {}, ...rest }) => ({
    name: 'p',
    events: { 'totp.requested': event, 'user.created': null },
    ...rest,
  }));

const small = fc.record({ consumers: fc.dictionary(fc.constant('mailer'), consumer) }).map((rest) => ({
  name: 'p',
  events: { 'totp.requested': {} },
  ...rest,
}));

const anyConfig = fc.oneof(
  { arbitrary: small, weight: 2 },
  { arbitrary: config, weight: 3 },
  { arbitrary: mutated(fc.oneof(config, small)), weight: 6 },
  oddJson,
);

property(
  'a config is resolved and described, or refused with problems that can be printed',
  ['accepted', 'refused'],
  (seen) =>
    fc.asyncProperty(anyConfig, async (raw) => {
      const { parsed, problems, warnings } = await validateConfig(raw, folder, { handlerFiles: true });
      seen(parsed ? 'accepted' : 'refused');
      expect(parsed === undefined).toBe(problems.length > 0);
      for (const { path, message } of [...problems, ...warnings]) expect(path && message).not.toBe('');
      if (!parsed) {
        const told = describeError(new ConfigError('the config has problems:', problems));
        expect(told.message).not.toMatch(unprintable);
        return;
      }
      const resolved = resolveConfig(parsed, join(folder, 'plutomi-events.config.json'));
      const described = describeConfig(resolved);
      expect(outline({ ...described })).not.toMatch(unprintable);
      expect(JSON.parse(JSON.stringify(described))).toEqual(described);
      expect(desiredTopology(resolved)).toBeDefined();
      // What is stored on the server means the same, wherever it is read.
      const decoded = decodeApplied(
        JSON.parse(JSON.stringify(appliedDocument(resolved, { at: 'now', by: 'a' }))),
      );
      if (!decoded.ok) throw new Error(decoded.reason);
      const back = await configFromStored(decoded.value, 'it');
      expect(storedConfigOf(back)).toEqual(storedConfigOf(resolved));
      expect(desiredTopology(back)).toEqual(desiredTopology(resolved));
    }),
);

property('the same config means the same in YAML and in JSON', [], () => {
  const [yaml, json] = [join(folder, 'same.yaml'), join(folder, 'same.json')];
  return fc.asyncProperty(fc.oneof(config, small), async (value) => {
    const written = JSON.stringify(value);
    // What JSON can say: -0 is 0 there.
    writeFileSync(yaml, stringify(JSON.parse(written)));
    writeFileSync(json, written);
    expect((await readYaml(yaml)).value).toEqual((await readJson(json)).value);
  });
});

property('a YAML file is read, or refused with where and why', ['accepted', 'refused'], (seen) => {
  const file = join(folder, 'some.yaml');
  const text = fc.oneof(
    nearly(fc.oneof(config, small).map((value) => stringify(value))),
    nearly(fc.json().map((one) => stringify(JSON.parse(one)))),
    fc.string({ unit: fc.constantFrom(...'&*a1: -[]{}\n\t"\'|>!%#?,$@'.split('')) }),
  );
  return fc.asyncProperty(text, async (text) => {
    writeFileSync(file, text);
    const found = await readYaml(file).then(
      ({ positions }) => positions().then((at) => (at(['consumers', 'mailer', 'retry']), 'accepted')),
      (error: unknown) => error,
    );
    seen(found === 'accepted' ? 'accepted' : 'refused');
    if (found === 'accepted') return;
    expect(found).toBeInstanceOf(ConfigError);
    const { message } = describeError(found as Error);
    expect(message).toMatch(
      /some\.yaml(?::\d+:\d+: | is not valid YAML:\n| has the same key |: can't be read: )/,
    );
    expect(message).not.toMatch(unprintable);
  });
});

property('a JSON file is read, or refused with the line and column', ['accepted', 'refused'], (seen) => {
  const file = join(folder, 'some.json');
  const text = fc.oneof(
    nearly(fc.oneof(config, small).map((value) => JSON.stringify(value, undefined, 1))),
    nearly(fc.json()),
  );
  return fc.asyncProperty(text, async (text) => {
    writeFileSync(file, text);
    const found = await readJson(file).then(
      () => 'accepted',
      (error: unknown) => error,
    );
    seen(found === 'accepted' ? 'accepted' : 'refused');
    if (found === 'accepted') return;
    expect(found).toBeInstanceOf(ConfigError);
    const { message } = describeError(found as Error);
    expect(message).toMatch(/some\.json:\d+:\d+: not valid JSON/);
    expect(message).not.toMatch(unprintable);
  });
});
