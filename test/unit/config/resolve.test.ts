import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/lib/config/resolve.js';
import type { ConsumerSettings, PipelineConfig } from '../../../src/lib/config/resolved.js';
import { validConfig, validated, withExternal, withMailer, withStreams } from './valid-config.js';

async function resolved(raw: unknown): Promise<PipelineConfig> {
  const { parsed, problems } = await validated(raw);
  if (!parsed) throw new Error(JSON.stringify(problems));
  return resolveConfig(parsed, '/etc/p/plutomi-events.config.json');
}

const dayMs = 86_400_000;
const limits = { storage: 'file', replicas: 1, maxBytes: -1, maxMsgs: -1, duplicateWindowMs: 120_000 };

test('every default', async () => {
  expect(await resolved(validConfig())).toEqual({
    name: 'plutomi',
    file: '/etc/p/plutomi-events.config.json',
    streams: {
      events: { ...limits, name: 'events', subjects: ['events.>'], maxAgeMs: 7 * dayMs, discard: 'old' },
      retry: { ...limits, name: 'events-retry', subjects: ['events-retry.>'], maxAgeMs: 0, discard: 'new' },
      dlq: { ...limits, name: 'events-dlq', subjects: ['events-dlq.>'], maxAgeMs: 0, discard: 'new' },
      advisories: {
        ...limits,
        name: 'events-advisories',
        subjects: ['events-advisories.>'],
        maxAgeMs: 30 * dayMs,
        discard: 'old',
      },
      operations: {
        ...limits,
        name: 'events-operations',
        subjects: ['events-operations.>'],
        maxAgeMs: 0,
        discard: 'new',
      },
      kept: { ...limits, name: 'events-kept', subjects: ['events-kept.>'], maxAgeMs: 0, discard: 'new' },
    },
    roots: {
      retry: 'events-retry',
      dlq: 'events-dlq',
      advisories: 'events-advisories',
      operations: 'events-operations',
      kept: 'events-kept',
    },
    eventsRoot: 'events',
    events: [
      { type: 'totp.requested', subject: 'events.totp.requested', maxBytes: 1024 },
      { type: 'user.created', subject: 'events.user.created', maxBytes: 1024 },
    ],
    consumers: [
      {
        name: 'mailer',
        subjects: ['events.totp.requested'],
        handler: '/etc/p/handler.mjs',
        concurrency: 10,
        timeoutMs: 30_000,
        ackWaitMs: 30_000,
        start: { at: 'all' },
        ordered: false,
        confirmAcks: false,
        numbers: 'number',
        attempts: 3,
        backoffMs: [1000, 5000],
        retry: { enabled: true, delayMs: 300_000, attempts: 3, backoffMs: [30_000, 120_000] },
        onDeadLetter: {},
      },
    ],
    external: [],
    meta: { attempts: 5, backoffMs: [1000, 5000, 15_000, 30_000], concurrency: 256, ackWaitMs: 30_000 },
    alerts: { newGroup: false, groupBack: false },
    protected: false,
    keepOriginals: true,
    latestOnly: [],
    log: {},
    numbers: 'number',
  });
});

test('alerts in numbers, with the absolute path of their handler', async () => {
  const alerts = {
    newGroup: true,
    rate: '10/1m30s',
    count: 0,
    oldest: '1d',
    expiring: '12h',
    lag: 50,
    storage: 60,
    nobodyRuns: '5m',
    webhook: 'https://h.example.com/x',
    handler: './handler.mjs',
    subject: 'alerts.p',
  };
  expect((await resolved({ ...validConfig(), alerts })).alerts).toEqual({
    newGroup: true,
    groupBack: false,
    rate: { count: 10, perMs: 90_000 },
    count: 0,
    oldestMs: 86_400_000,
    expiringMs: 43_200_000,
    lag: { degraded: 50, critical: 500 },
    storage: { degraded: 60, critical: 90 },
    nobodyRunsMs: 300_000,
    webhook: 'https://h.example.com/x',
    handler: '/etc/p/handler.mjs',
    subject: 'alerts.p',
  });
});

test('what is critical can be said, with or without what is degraded', async () => {
  const levels = async (alerts: object): Promise<unknown> =>
    (await resolved({ ...validConfig(), alerts })).alerts;
  const given = { lag: 5, lagCritical: 6, storageCritical: 90, countCritical: 7 };
  expect(await levels(given)).toMatchObject({
    lag: { degraded: 5, critical: 6 },
    storage: { degraded: 80, critical: 90 },
    countCritical: 7,
  });
  expect(await levels({ lagCritical: 20 })).toMatchObject({ lag: { degraded: 20, critical: 20 } });
});

/** The resolved `mailer` with these fields changed. */
async function mailer(changes: Record<string, unknown>): Promise<ConsumerSettings> {
  const [consumer] = (await resolved(withMailer(changes))).consumers;
  if (!consumer) throw new Error('no consumer');
  return consumer;
}

describe('consumers', () => {
  test('every field that is given', async () => {
    const given = {
      concurrency: 3,
      timeout: '1m30s',
      ackWait: '5s',
      attempts: 2,
      backoff: ['250ms'],
      retry: { delay: '1h', attempts: 4, backoff: ['1m'] },
      confirmAcks: true,
      onDeadLetter: { webhook: 'https://hooks.example.com/x' },
    };
    expect(await mailer(given)).toMatchObject({
      concurrency: 3,
      timeoutMs: 90_000,
      ackWaitMs: 5000,
      attempts: 2,
      backoffMs: [250],
      retry: { enabled: true, delayMs: 3_600_000, attempts: 4, backoffMs: [60_000] },
      confirmAcks: true,
      onDeadLetter: { webhook: 'https://hooks.example.com/x' },
    });
  });

  test('retry: false has the attempts of main', async () => {
    expect((await mailer({ retry: false, attempts: 2 })).retry).toEqual({
      enabled: false,
      delayMs: 0,
      attempts: 2,
      backoffMs: [1000],
    });
  });

  test('ordered: concurrency is 1 by default', async () => {
    expect(await mailer({ ordered: true })).toMatchObject({ ordered: true, concurrency: 1 });
  });

  test('fewer attempts cut the default backoff', async () => {
    expect(await mailer({ attempts: 1 })).toMatchObject({ attempts: 1, backoffMs: [] });
  });

  test.each([
    ['new', { at: 'new' }],
    ['last-per-subject', { at: 'last-per-subject' }],
    [{ time: '2026-01-31T12:00:00Z' }, { at: 'time', time: '2026-01-31T12:00:00Z' }],
    [{ seq: 42 }, { at: 'seq', seq: 42 }],
  ])('start %j', async (start, expected) => {
    expect((await mailer({ start })).start).toEqual(expected);
  });

  test('subjects instead of events', async () => {
    expect((await mailer({ events: undefined, subjects: ['events.*.created'] })).subjects).toEqual([
      'events.*.created',
    ]);
  });
});

describe('an external consumer', () => {
  const rust = async (changes: Record<string, unknown>) => resolved(withExternal(changes));

  test('is in a list of its own, with what the server is told', async () => {
    const config = await rust({});
    expect(config.consumers).toEqual([]);
    expect(config.external).toEqual([
      {
        name: 'rust',
        subjects: ['events.totp.requested'],
        start: { at: 'all' },
        attempts: 3,
        backoffMs: [],
        ackWaitMs: 30_000,
        onDeadLetter: {},
      },
    ]);
  });

  test('the first wait of the server’s backoff takes the place of the ack wait', async () => {
    const { external } = await rust({ attempts: 4, backoff: ['2s', '8s'] });
    expect(external[0]).toMatchObject({ attempts: 4, backoffMs: [2000, 8000], ackWaitMs: 2000 });
  });

  test('who is told about its dead letters', async () => {
    const { external } = await rust({ onDeadLetter: { handler: './handler.mjs' } });
    expect(external[0]?.onDeadLetter).toEqual({ handler: '/etc/p/handler.mjs' });
  });

  test('external: false is what is not said', async () => {
    const { external, consumers } = await resolved(withMailer({ external: false }));
    expect([external.length, consumers.length]).toEqual([0, 1]);
  });
});

describe('streams', () => {
  test('a name gives the subject; replicas are those of the pipeline', async () => {
    const { streams, eventsRoot } = await resolved({
      name: 'p',
      replicas: 3,
      streams: { events: { name: 'orders' }, dlq: { replicas: 1 } },
    });
    expect(streams.events).toMatchObject({ subjects: ['orders.>'], replicas: 3 });
    // Those of the workbench follow the events, so that two pipelines do not share them.
    expect(streams.operations).toMatchObject({
      name: 'orders-operations',
      subjects: ['orders-operations.>'],
    });
    expect(streams.kept.name).toBe('orders-kept');
    expect(streams.dlq.replicas).toBe(1);
    expect(eventsRoot).toBe('orders');
  });

  test('subjects give the roots; a subject of an event wins over its type', async () => {
    const config = await resolved({
      name: 'p',
      streams: { events: { subjects: ['acme.orders.*.>'] }, retry: { subjects: ['acme.retry.>'] } },
      events: { 'a.b': null, c: { subject: 'acme.orders.x.y' } },
    });
    expect(config.eventsRoot).toBe('acme.orders');
    expect(config.roots.retry).toBe('acme.retry');
    expect(config.events).toEqual([
      { type: 'a.b', subject: 'acme.orders.a.b', maxBytes: 1024 },
      { type: 'c', subject: 'acme.orders.x.y', maxBytes: 1024 },
    ]);
  });

  test('limits', async () => {
    const { streams } = await resolved(
      withStreams({
        events: { maxBytes: '10GB', maxMsgs: 5, maxAge: '0s', discard: 'new' },
        dlq: { maxBytes: 70_000 },
      }),
    );
    expect(streams.events).toMatchObject({
      maxBytes: 10_000_000_000,
      maxMsgs: 5,
      maxAgeMs: 0,
      discard: 'new',
    });
    expect(streams.dlq.maxBytes).toBe(70_000);
  });

  test('a short maxAge shortens the default duplicate window', async () => {
    const raw = { ...withMailer({ retry: false }), streams: { events: { maxAge: '1m' } } };
    expect((await resolved(raw)).streams.events.duplicateWindowMs).toBe(60_000);
    const given = withStreams({ events: { duplicateWindow: '1h' } });
    expect((await resolved(given)).streams.events.duplicateWindowMs).toBe(3_600_000);
  });
});

test('where the server is', async () => {
  const config = await resolved({ name: 'p', server: { url: 'nats://a:1', context: 'c' } });
  expect(config.server).toEqual({ url: 'nats://a:1', context: 'c' });
  expect((await resolved({ name: 'p' })).server).toBeUndefined();
});

test.each([
  ['shop', {}, 'shop.totp.requested', ['shop.>']],
  ['shop.eu', { events: { name: 'orders' } }, 'shop.eu.totp.requested', ['shop.eu.>']],
  ['b', { events: { subjects: ['a.*', 'b.>'] } }, 'b.totp.requested', ['a.*', 'b.>']],
])('the prefix %s is the root of the events', async (subjectPrefix, streams, subject, subjects) => {
  const config = await resolved({ ...validConfig(), subjectPrefix, streams });
  expect(config).toMatchObject({
    eventsRoot: subjectPrefix,
    streams: { events: { subjects } },
    events: [{ subject }, {}],
    consumers: [{ subjects: [subject] }],
  });
});
