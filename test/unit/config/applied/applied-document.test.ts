import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  appliedDocument,
  type AppliedDocument,
  decodeApplied,
  hashOf,
} from '../../../../src/lib/config/applied/applied-document.js';
import { differencesOf } from '../../../../src/lib/config/applied/differences.js';
import { configFromStored } from '../../../../src/lib/config/applied/from-stored.js';
import { storedConfigOf } from '../../../../src/lib/config/applied/stored-config.js';
import { describeConfig } from '../../../../src/lib/config/describe.js';
import { configFrom } from '../../../../src/lib/config/load.js';
import { handlerFiles, type PipelineConfig } from '../../../../src/lib/config/resolved.js';
import type { JsonObject } from '../../../../src/lib/domain/decode.js';
import { requireHandlers } from '../../../../src/lib/waterfall/require-handlers.js';

const whole = {
  name: 'billing',
  protected: true,
  replicas: 3,
  numbers: 'text',
  streams: {
    events: { name: 'bills', maxAge: '3d', maxBytes: '10GB', maxMsgs: 7 },
    dlq: { subjects: ['dead.>'], storage: 'memory', duplicateWindow: '1m' },
    kept: { name: 'copies' },
  },
  audit: { reads: true },
  envelope: { payload: 'body', type: 'kind' },
  correlationHeader: 'Trace',
  keys: { current: 'env://BILLS_KEY', previous: ['file://./old.key'] },
  events: {
    paid: { encrypt: true, schema: z.object({ n: z.number() }) },
    'void.it': { subject: 'bills.other' },
  },
  consumers: {
    mailer: {
      events: ['paid'],
      handler: './secret-folder/handler.mjs',
      attempts: 1,
      start: { time: '2026-01-31T12:00:00Z' },
      timeout: '1500ms',
      batch: { size: 50, wait: '2s' },
      buffer: 60,
      onDeadLetter: {
        handler: './secret-folder/alert.mjs',
        webhook: 'https://user:hunter2@hooks.example.com/hunter2?x=hunter2',
        subject: 'failed.{consumer}.events',
      },
    },
    ledger: { subjects: ['bills.other'], handler: './h.mjs', ordered: true, retry: false, start: { seq: 5 } },
    rust: { external: true, subjects: ['bills.rust'], backoff: ['2s', '1m'], attempts: 4 },
    go: { external: true, subjects: ['bills.go'], ackWait: '7s', start: 'new' },
  },
  meta: { attempts: 2, backoff: ['3s'], concurrency: 4, ackWait: '1m' },
  alerts: {
    newGroup: true,
    groupBack: true,
    rate: '10/1m',
    count: 5,
    oldest: '1d',
    expiring: '12h',
    countCritical: 7,
    lag: 50,
    lagCritical: 60,
    storage: 70,
    storageCritical: 75,
    nobodyRuns: '5m',
    webhook: 'https://user:hunter2@hooks.example.com/hunter2?x=hunter2',
    handler: './secret-folder/alerts.mjs',
    subject: 'alerts.billing',
  },
  server: { url: 'nats://user:hunter2@secret-host:4222' },
};

async function made(raw: unknown = whole): Promise<PipelineConfig> {
  return configFrom(raw, { folder: '/home/ada/secret-folder' });
}

const when = { at: '2026-11-29T05:00:00.000Z', by: 'ada@desk' };

/** As it comes back from a stream. */
async function stored(config: PipelineConfig, changes: JsonObject = {}): Promise<AppliedDocument> {
  const text = JSON.stringify({ ...appliedDocument(config, when), ...changes });
  const decoded = decodeApplied(JSON.parse(text));
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value;
}

test('all of a config comes back, but for handlers, the checks of schemas, secrets, and where the server is', async () => {
  const config = await made();
  const back = await configFromStored(await stored(config), 'the applied config');
  const { server: _server, events, ...rest } = config;
  expect({ ...back, events: undefined, applied: undefined }).toEqual({
    ...rest,
    file: 'plutomi-events.config.js',
    events: undefined,
    applied: undefined,
    alerts: { ...config.alerts, handler: undefined, webhook: 'https://hooks.example.com/…' },
    consumers: config.consumers.map(({ onDeadLetter: { webhook }, ...one }) => ({
      ...one,
      handler: '',
      onDeadLetter:
        webhook === undefined
          ? {}
          : { webhook: 'https://hooks.example.com/…', subject: 'failed.mailer.events' },
    })),
  });
  expect(back.events.map(({ type, subject }) => [type, subject])).toEqual(
    events.map(({ type, subject }) => [type, subject]),
  );
  expect(back.applied).toMatchObject({ ...when, file: 'plutomi-events.config.js' });
  expect(describeConfig(back)).toMatchObject({
    file: null,
    applied: when,
    protected: true,
    events: { paid: { schema: 'zod' }, 'void.it': { schema: null } },
    consumers: { mailer: { handler: null, onDeadLetter: { handler: null } } },
  });
  // What it means is the same, however often it is stored.
  expect(storedConfigOf(back)).toEqual(storedConfigOf(config));
});

test('neither secrets nor paths are stored', async () => {
  const text = JSON.stringify(await stored(await made()));
  expect(text).not.toMatch(/hunter2|secret|user|\.mjs/);
  expect(text).toContain('hooks.example.com');
});

test('a config from the server runs nothing, and its schemas pass nothing', async () => {
  const back = await configFromStored(await stored(await made()), 'it');
  expect(handlerFiles(back)).toEqual([]);
  expect(() => requireHandlers(new Map(), back.consumers)).toThrow('mailer, ledger: the config was read');
  expect(() => back.events[0]?.schema?.['~standard'].validate({ n: 1 })).toThrow(
    'paid has a schema in the config file',
  );
});

test('what another one put into the document counts for nothing, or is refused with all that is wrong', async () => {
  const config = await made();
  const { config: mine } = await stored(config);
  const consumers = mine['consumers'] as Record<string, JsonObject>;
  const forged = await stored(config, {
    config: {
      ...mine,
      server: { url: 'nats://elsewhere:4222' },
      consumers: { ...consumers, mailer: { ...consumers['mailer'], handler: '/tmp/evil.mjs' } },
    },
  });
  const back = await configFromStored(forged, 'it');
  expect(back.server).toBeUndefined();
  expect(JSON.stringify(back)).not.toContain('evil');
  await expect(
    configFromStored(await stored(config, { config: { name: 'a b', nope: 1, consumers: 7 } }), 'it'),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('it has') });
});

test.each([
  [{ version: 2 }, 'the applied config has version 2, and this plutomi-events reads up to 1'],
  [{ version: 'x' }, 'not an applied config: it has no version'],
  [{ by: 7 }, 'not an applied config: at, by, file and hash are expected to be text'],
  [{ config: [] }, 'not an applied config: config is expected to be an object'],
])('%j is refused in words', async (changes, reason) => {
  const document = { ...appliedDocument(await made(), when), ...changes };
  expect(decodeApplied(document)).toEqual({ ok: false, reason });
});

test('the hash is that of the meaning: the order of keys, handlers and secrets are no part of it', async () => {
  const hash = async (raw: unknown): Promise<string> => hashOf(storedConfigOf(await made(raw)));
  const { name, ...rest } = whole;
  const same = {
    ...rest,
    name,
    server: { context: 'prod' },
    consumers: {
      ...Object.fromEntries(Object.entries(whole.consumers).toReversed()),
      mailer: { ...whole.consumers.mailer, handler: './elsewhere.mjs' },
    },
  };
  expect(await hash(same)).toBe(await hash(whole));
  expect(await hash({ ...whole, protected: false })).not.toBe(await hash(whole));
});

test('says where two differ, by the keys of a config file', async () => {
  const one = storedConfigOf(await made());
  const other = storedConfigOf(
    await made({
      ...whole,
      protected: false,
      streams: { ...whole.streams, events: { ...whole.streams.events, maxBytes: '11GB' } },
      consumers: { ...whole.consumers, go: { ...whole.consumers.go, ackWait: '8s' } },
      events: { ...whole.events, 'void.it': { subject: 'bills.another' } },
    }),
  );
  expect(differencesOf(one, one)).toEqual([]);
  expect(differencesOf(one, other)).toEqual([
    'protected',
    'streams.events.maxBytes',
    'events["void.it"].subject',
    'consumers.go.ackWait',
  ]);
});

test.each([
  ['7d', '2s'],
  ['2s', '7d'],
])(
  'dead letters that end (%s) are told of by default, also where events end after %s',
  async (dlq, events) => {
    const config = await made({
      name: 'p',
      streams: { dlq: { maxAge: dlq }, events: { maxAge: events, duplicateWindow: '1s' } },
    });
    const back = await configFromStored(await stored(config), 'the applied config');
    expect(config.alerts.expiringMs).toBeGreaterThan(0);
    expect(back.alerts).toEqual(config.alerts);
  },
);
