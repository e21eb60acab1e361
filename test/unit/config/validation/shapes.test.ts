import { describe, expect, test } from 'vitest';
import {
  problemsOf,
  validConfig,
  validated,
  withExternal,
  withMailer,
  withStreams,
} from '../valid-config.js';

test('a valid config has neither problems nor warnings', async () => {
  const { parsed, problems, warnings } = await validated(validConfig());
  expect(problems).toEqual([]);
  expect(warnings).toEqual([]);
  expect(parsed?.name).toBe('plutomi');
});

test('a pipeline that only publishes needs no consumers', async () => {
  expect(await problemsOf({ name: 'p' })).toEqual([]);
});

describe('the whole file', () => {
  test.each([
    [null, 'null'],
    [[], 'an empty list'],
    ['x', '"x"'],
    [() => ({}), 'a function'],
    [undefined, 'nothing'],
  ])('%j is refused', async (raw, found) => {
    expect(await problemsOf(raw)).toEqual([`(whole file): expected an object, found ${found}`]);
  });
});

describe('each field says what was expected and found', () => {
  test.each<[string, unknown, string]>([
    ['no name', {}, 'name: required: a string'],
    ['a wrong type', { name: 1 }, 'name: expected a string, found 1'],
    [
      'an object with a length that nobody can compare',
      { name: { length: { toString: 1, valueOf: 1 } } },
      'name: expected a string, found an object',
    ],
    ['an empty text', { name: '' }, 'name: expected a non-empty string, found ""'],
    ['replicas', { name: 'p', replicas: 6 }, 'replicas: expected a whole number from 1 to 5, found 6'],
    [
      'half replicas',
      { name: 'p', replicas: 1.5 },
      'replicas: expected a whole number from 1 to 5, found 1.5',
    ],
    ['NaN', { name: 'p', replicas: Number.NaN }, 'replicas: expected a whole number from 1 to 5, found NaN'],
    ['a list for an object', { name: 'p', events: [] }, 'events: expected an object, found an empty list'],
    [
      'an event',
      { name: 'p', events: { a: 1 } },
      'events.a: expected {schema, subject, …}, {} or null, found 1',
    ],
    [
      'a schema that is none',
      { name: 'p', events: { 'a.b': { schema: {} } } },
      'events["a.b"].schema: expected a Standard Schema, e.g. of zod, valibot or arktype, found an object',
    ],
    ['a text for an object', { name: 'p', streams: 'x' }, 'streams: expected an object, found "x"'],
    [
      'storage',
      withStreams({ events: { storage: 'disk' } }),
      'streams.events.storage: expected "file" or "memory", found "disk"',
    ],
    [
      'a duration in words',
      withMailer({ backoff: ['5 minutes'] }),
      'consumers.mailer.backoff[0]: expected a duration like 5m, found "5 minutes"; did you mean 5m?',
    ],
    [
      'a duration without unit',
      withMailer({ timeout: 30 }),
      'consumers.mailer.timeout: expected a duration like 5m, found 30',
    ],
    [
      'a timeout that no timer can hold',
      withMailer({ timeout: '30d' }),
      'consumers.mailer.timeout: expected a duration like 5m, at least 1ms and at most 24d, found "30d"',
    ],
    [
      'a timeout of nothing',
      withMailer({ timeout: '0s' }),
      'consumers.mailer.timeout: expected a duration like 5m, at least 1ms and at most 24d, found "0s"',
    ],
    [
      'a short ackWait',
      withMailer({ ackWait: '99ms' }),
      'consumers.mailer.ackWait: expected a duration like 5m, at least 100ms and at most 24d, found "99ms"',
    ],
    [
      'a maxAge that the server refuses',
      withStreams({ events: { maxAge: '50ms' } }),
      'streams.events.maxAge: expected a duration like 5m, at least 100ms (0s: forever), found "50ms"',
    ],
    [
      'a duration of millennia',
      withStreams({ events: { maxAge: '99999w' } }),
      'streams.events.maxAge: expected a duration like 5m, at most 100 years, found "99999w"',
    ],
    [
      'attempts',
      withMailer({ attempts: 0 }),
      'consumers.mailer.attempts: expected a whole number from 1 to 1000, found 0',
    ],
    [
      'concurrency',
      withMailer({ concurrency: 10_001 }),
      'consumers.mailer.concurrency: expected a whole number from 1 to 10000, found 10001',
    ],
    [
      'a size',
      withStreams({ events: { maxBytes: '10gigs' } }),
      'streams.events.maxBytes: expected a size like 10GB or a number of bytes, found "10gigs"',
    ],
    [
      'a size of nothing',
      withStreams({ events: { maxBytes: 0 } }),
      'streams.events.maxBytes: expected a size like 10GB or a number of bytes, found 0',
    ],
    [
      'maxMsgs',
      withStreams({ events: { maxMsgs: -1 } }),
      'streams.events.maxMsgs: expected a whole number of at least 1, found -1',
    ],
    [
      'retry: true',
      withMailer({ retry: true }),
      'consumers.mailer.retry: expected false or {delay, attempts, backoff}, found true',
    ],
    [
      'inside retry',
      withMailer({ retry: { delay: 'soon' } }),
      'consumers.mailer.retry.delay: expected a duration like 5m, found "soon"',
    ],
    [
      'start',
      withMailer({ start: 'beginning' }),
      'consumers.mailer.start: expected "all", "new", "last-per-subject", {time} or {seq}, found "beginning"',
    ],
    [
      'start.time',
      withMailer({ start: { time: 'yesterday' } }),
      'consumers.mailer.start.time: expected a time like 2026-01-31T12:00:00Z, found "yesterday"',
    ],
    [
      'start.seq',
      withMailer({ start: { seq: 0 } }),
      'consumers.mailer.start.seq: expected a whole number of at least 1, found 0',
    ],
    [
      'neither time nor seq',
      withMailer({ start: {} }),
      'consumers.mailer.start: expected either time or seq, found neither',
    ],
    [
      'both time and seq',
      withMailer({ start: { seq: 1, time: '2026-01-31T12:00:00Z' } }),
      'consumers.mailer.start: expected either time or seq, found both',
    ],
    [
      'a flag',
      withMailer({ ordered: 'yes' }),
      'consumers.mailer.ordered: expected true or false, found "yes"',
    ],
    [
      'an empty list',
      withMailer({ events: [] }),
      'consumers.mailer.events: expected a list with at least one entry, found an empty list',
    ],
    ['no list', withMailer({ backoff: '1s' }), 'consumers.mailer.backoff: expected a list, found "1s"'],
    [
      'a webhook, whose secret is not shown',
      withMailer({ onDeadLetter: { webhook: 'ftp://user:secret@host/token' } }),
      'consumers.mailer.onDeadLetter.webhook: expected an http or https URL, found "ftp://…"',
    ],
    [
      'the webhook of alerts, whose secret is not shown',
      { name: 'p', alerts: { count: 1, webhook: 'ftp://user:secret@host/token' } },
      'alerts.webhook: expected an http or https URL, found "ftp://…"',
    ],
    [
      'a flag of alerts',
      { name: 'p', alerts: { newGroup: 'yes' } },
      'alerts.newGroup: expected true or false, found "yes"',
    ],
    [
      'a count below 0',
      { name: 'p', alerts: { count: -1 } },
      'alerts.count: expected a whole number of at least 0, found -1',
    ],
    ...['10', '10/m', '10/29s', '10/25h', '-1/1m', '1.5/1m'].map((rate): [string, unknown, string] => [
      `the rate ${rate}`,
      { name: 'p', alerts: { rate } },
      `alerts.rate: expected a number in a time like 10/1m, of 30s to 1d, found "${rate}"`,
    ]),
    [
      'a storage beyond 100 %',
      { name: 'p', alerts: { storage: 101 } },
      'alerts.storage: expected a whole number from 1 to 100, found 101',
    ],
    [
      'an age below 1 s',
      { name: 'p', alerts: { oldest: '1ms' } },
      'alerts.oldest: expected a duration like 5m, at least 1s, found "1ms"',
    ],
    [
      'a server URL, whose secret is not shown',
      { name: 'p', server: { url: 'http://user:secret@host' } },
      'server.url: expected a server like nats://host:4222, found "http://…@host" (only nats:// and tls:// are supported)',
    ],
    [
      'a URL in the place of another thing, whose secret is not shown',
      { name: 'p', server: 'nats://ada:s3c/r3t@one:4222,nats://ada:s3cr3t@two:4222' },
      'server: expected an object, found "nats://…@two:4222"',
    ],
    [
      'the same of a URL that is longer than what is shown',
      { name: 'p', server: `nats://ada:${'s3cr3t'.repeat(20)}@one` },
      'server: expected an object, found "nats://…@one"',
    ],
  ])('%s', async (_, raw, problem) => {
    expect(await problemsOf(raw)).toEqual([problem]);
  });
});

describe('unknown keys', () => {
  test.each<[string, unknown, string]>([
    ['the root', { name: 'p', evnts: {} }, 'evnts: unknown key; did you mean events?'],
    [
      'nothing near',
      { name: 'p', server: { zzz: 1 } },
      'server.zzz: unknown key; expected one of url, context',
    ],
    ['streams', withStreams({ dql: {} }), 'streams.dql: unknown key; did you mean dlq?'],
    [
      'a stream',
      withStreams({ events: { maxage: '1d' } }),
      'streams.events.maxage: unknown key; did you mean maxAge?',
    ],
    [
      'an event',
      { name: 'p', events: { a: { shema: 1 } } },
      'events.a.shema: unknown key; did you mean schema?',
    ],
    [
      'a consumer',
      withMailer({ concurency: 1 }),
      'consumers.mailer.concurency: unknown key; did you mean concurrency?',
    ],
    [
      'retry',
      withMailer({ retry: { dealy: '1m' } }),
      'consumers.mailer.retry.dealy: unknown key; did you mean delay?',
    ],
    [
      'onDeadLetter',
      withMailer({ onDeadLetter: { webHook: 'https://x' } }),
      'consumers.mailer.onDeadLetter.webHook: unknown key; did you mean webhook?',
    ],
    ['start', withMailer({ start: { sq: 1 } }), 'consumers.mailer.start.sq: unknown key; did you mean seq?'],
    ['meta', { name: 'p', meta: { atempts: 1 } }, 'meta.atempts: unknown key; did you mean attempts?'],
    [
      'a secret is not shown',
      { name: 'p', server: { pasword: 'hunter2' } },
      'server.pasword: unknown key; expected one of url, context',
    ],
  ])('%s', async (_, raw, problem) => {
    expect(await problemsOf(raw)).toEqual([problem]);
  });

  test('"$schema" is known at the root, for editors', async () => {
    expect(await problemsOf({ $schema: './schema.json', name: 'p' })).toEqual([]);
  });
});

describe('keys that are refused for a reason', () => {
  test.each<[string, unknown, string]>([
    [
      'workqueue retention of events',
      withStreams({ events: { retention: 'workqueue' } }),
      'streams.events.retention: expected "limits" (interest and workqueue remove what was acked, and pointers to it would dangle), found "workqueue"',
    ],
    [
      'interest retention of events',
      withStreams({ events: { retention: 'interest' } }),
      'streams.events.retention: expected "limits" (interest and workqueue remove what was acked, and pointers to it would dangle), found "interest"',
    ],
    [
      'maxAge of retry',
      withStreams({ retry: { maxAge: '1d' } }),
      'streams.retry.maxAge: refused: a pointer that ages out is an event that is never retried; leave it out (no limit)',
    ],
    [
      'maxMsgsPerSubject that removes events',
      withStreams({ events: { maxMsgsPerSubject: 1 } }),
      'streams.events.maxMsgsPerSubject: expected streams.events.discard: "new" with it, found "old": it would remove events that consumers and dead letters still need; to keep the newest of each subject, let a consumer write it into a key-value bucket',
    ],
    [
      'retention of the others',
      withStreams({ dlq: { retention: 'limits' } }),
      'streams.dlq.retention: refused: always limits; leave it out',
    ],
    [
      'a handler of an external consumer',
      withMailer({ external: true }),
      'consumers.mailer.handler: refused with external: true: its worker is another program; leave out one of the two',
    ],
    [
      'a retry stage of an external consumer',
      withExternal({ retry: false }),
      'consumers.rust.retry: refused with external: true: there is no handler that a retry stage could run; leave it out',
    ],
    ...['concurrency', 'buffer', 'timeout', 'ordered', 'batch', 'confirmAcks', 'numbers'].map(
      (key): [string, unknown, string] => [
        `${key} of an external consumer`,
        withExternal({ [key]: 1 }),
        `consumers.rust.${key}: refused with external: true: its worker is another program and decides this itself; leave it out`,
      ],
    ),
    [
      'an unknown key of an external consumer',
      withExternal({ maxDeliver: 3 }),
      'consumers.rust.maxDeliver: unknown key; expected one of external, events, subjects, start, onDeadLetter, attempts, ackWait, backoff',
    ],
    [
      'external in words',
      withExternal({ external: 'yes' }),
      'consumers.rust.external: expected true or false, found "yes"',
    ],
    [
      'a consumer that is none',
      { name: 'p', consumers: { a: 1 } },
      'consumers.a: expected an object, found 1',
    ],
  ])('%s', async (_, raw, problem) => {
    expect(await problemsOf(raw)).toEqual([problem]);
  });

  test('retention "limits" of events is accepted', async () => {
    expect(await problemsOf(withStreams({ events: { retention: 'limits' } }))).toEqual([]);
  });
});
