import { expect, test } from 'vitest';
import { z } from 'zod';
import { describeConfig } from '../../../src/lib/config/describe.js';
import { resolveConfig } from '../../../src/lib/config/resolve.js';
import { outline } from '../../../src/lib/render/outline.js';
import { validated } from './valid-config.js';

async function described(raw: unknown) {
  const { parsed, problems } = await validated(raw);
  if (!parsed) throw new Error(JSON.stringify(problems));
  return describeConfig(resolveConfig(parsed, '/p/plutomi-events.config.ts'));
}

test('durations and sizes as text, schemas as their vendor, null for nothing', async () => {
  const config = await described({
    name: 'p',
    streams: { events: { maxBytes: '10GB', maxMsgs: 5 } },
    events: { a: { schema: z.object({}) }, b: null },
    consumers: {
      one: { events: ['a'], handler: './handler.mjs', timeout: '90s', start: { seq: 7 } },
      two: { subjects: ['events.b'], handler: './handler.mjs', retry: false },
      rust: { external: true, subjects: ['events.b'], backoff: ['2s', '1m'] },
    },
  });
  expect(config.streams.events).toEqual({
    name: 'events',
    subjects: ['events.>'],
    storage: 'file',
    replicas: 1,
    maxAge: '7d',
    maxBytes: '10GB',
    maxMsgs: 5,
    maxMsgsPerSubject: null,
    discard: 'old',
    duplicateWindow: '2m',
    compression: null,
    description: null,
    metadata: null,
    placement: null,
  });
  expect(config.streams.dlq).toMatchObject({ maxAge: null, maxBytes: null, maxMsgs: null });
  const unsaid = { description: null, owner: null, examples: 0, deprecated: false, maxBytes: '1KiB' };
  expect(config.events).toEqual({
    a: { ...unsaid, encrypt: false, subject: 'events.a', schema: 'zod' },
    b: { ...unsaid, encrypt: false, subject: 'events.b', schema: null },
  });
  expect(config.consumers['one']).toMatchObject({
    handler: '/p/handler.mjs',
    timeout: '1m30s',
    start: { seq: 7 },
    backoff: ['1s', '5s'],
    retry: { delay: '5m', attempts: 3, backoff: ['30s', '2m'] },
    onDeadLetter: { handler: null, webhook: null, subject: null },
  });
  expect(config.consumers['two']).toMatchObject({ start: 'all', retry: false });
  expect(config.consumers['rust']).toEqual({
    external: true,
    subjects: ['events.b'],
    ackWait: '2s',
    start: 'all',
    attempts: 3,
    backoff: ['2s', '1m'],
    onDeadLetter: { handler: null, webhook: null, subject: null },
  });
  expect(config.server).toEqual({ url: null, context: null });
  expect(config.alerts).toEqual({
    newGroup: false,
    groupBack: false,
    rate: null,
    count: null,
    countCritical: null,
    oldest: null,
    expiring: null,
    lag: null,
    lagCritical: null,
    storage: null,
    storageCritical: null,
    nobodyRuns: null,
    webhook: null,
    handler: null,
    subject: null,
  });
});

test('alerts, without what may be the secret of their webhook', async () => {
  const webhook = 'https://user:hunter2@hooks.example.com/hunter2?x=hunter2';
  const { alerts } = await described({ name: 'p', alerts: { rate: '10/60s', oldest: '24h', webhook } });
  expect(alerts).toMatchObject({ rate: '10/1m', oldest: '1d', webhook: 'https://hooks.example.com/…' });
});

test('the subject of dead letters, as it is for this consumer', async () => {
  const mailer = { events: ['a'], handler: './handler.mjs', onDeadLetter: { subject: 'DLQ.{consumer}' } };
  const { consumers } = await described({ name: 'p', events: { a: null }, consumers: { mailer } });
  expect(consumers['mailer']?.onDeadLetter).toEqual({ handler: null, webhook: null, subject: 'DLQ.mailer' });
});

const webhook = (url: string) => ({
  events: ['a'],
  handler: './handler.mjs',
  onDeadLetter: { webhook: url },
});

test('secrets are hidden', async () => {
  const config = await described({
    name: 'p',
    events: { a: null },
    consumers: {
      query: webhook('https://u:hunter2@hooks.example.com/x?token=hunter2#hunter2'),
      path: webhook('https://hooks.example.com/services/hunter2'),
      plain: webhook('http://127.0.0.1:8080'),
    },
    server: { url: 'nats://u:hunter2@a:1, nats://hunter2@b:2' },
  });
  expect(JSON.stringify(config)).not.toContain('hunter2');
  expect(Object.values(config.consumers).map((one) => one.onDeadLetter.webhook)).toEqual([
    'https://hooks.example.com/…',
    'https://hooks.example.com/…',
    'http://127.0.0.1:8080/',
  ]);
  expect(config.server.url).toBe('nats://a:1,nats://b:2');
});

test('outline: indented, with nothing in it that a terminal would obey', () => {
  const text = outline({
    name: 'a\u001b[31mb',
    none: null,
    empty: {},
    list: ['x', 'y'],
    nested: { yes: true, deep: { 'ke\ny': 1 } },
  });
  expect(text).toBe(
    [
      'name: a\\u001b[31mb',
      'none: none',
      'empty: none',
      'list: x, y',
      'nested:',
      '  yes: true',
      '  deep:',
      '    ke\\ny: 1',
    ].join('\n'),
  );
});
