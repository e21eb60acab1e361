import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { UserConfig } from '../../src/lib/config/schema/user-config.js';
import type { Diagnosis, Finding } from '../../src/lib/doctor/finding.js';
import { systemClock } from '../../src/lib/flow/clock.js';
import { type DiagnoseOptions, diagnosePipeline } from '../../src/lib/open/diagnose-pipeline.js';
import { openPipeline } from '../../src/lib/open/open-pipeline.js';
import { renderSuggestion } from '../../src/lib/render/suggestion.js';
import { applyPlan, planTopology } from '../../src/lib/topology/apply.js';
import { eventually } from '../support/eventually.js';
import { freePorts, serverBinary, startCluster, type TestServer } from '../support/nats-server.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const tls = (name: string): string => fileURLToPath(new URL(`../support/tls/${name}.pem`, import.meta.url));
const name = 'notifications-consumer';
const config: UserConfig = {
  name: 'ill',
  events: { 'job.done': {}, 'job.other': {} },
  consumers: { [name]: { events: ['job.done'], handler: './handler.mjs', attempts: 1, retry: false } },
};

type Given = DiagnoseOptions & { readonly server: string };

async function examine(options: Given): Promise<Diagnosis> {
  const cwd = options.cwd ?? (await folder());
  return diagnosePipeline({ config, cwd, ...options });
}

/** A folder with the handler. */
async function folder(): Promise<string> {
  const cwd = await temporaryFolder();
  await writeFile(path.join(cwd, 'handler.mjs'), 'export default () => {};\n');
  return cwd;
}

/** Applies the config. */
async function applied(
  server: string,
  overrides: Partial<UserConfig> = {},
  login: { user?: string; password?: string } = {},
): Promise<void> {
  const opened = await openPipeline({
    config: { ...config, ...overrides },
    cwd: await folder(),
    server,
    ...login,
  });
  try {
    await applyPlan(opened, await planTopology(opened));
  } finally {
    await opened.close();
  }
}

function shown({ next, ...finding }: Finding): Omit<Finding, 'next'> & { next: string | null } {
  return { ...finding, next: next === null ? null : renderSuggestion(next) };
}

/** What is not as it should be, in order. That a newer server is recommended is true of some that tests run on. */
function complaints({ findings }: Diagnosis): readonly ReturnType<typeof shown>[] {
  return findings
    .filter(({ about, status }) => status === 'fail' || (status === 'warn' && about !== 'version'))
    .map(shown);
}

function aboutOf({ findings }: Diagnosis): string[] {
  return findings.map(({ about }) => about);
}

test('where nothing stands in the way, it says so of each thing, in order, and changes nothing', async () => {
  const server = await natsForTest();
  await applied(server.url);
  const link = await connectTo(server.url);
  const before = await link.jsm.getAccountInfo();
  const found = await examine({ server: server.url });
  expect(complaints(found)).toEqual([]);
  expect(found.ok).toBe(true);
  expect(aboutOf(found)).toEqual([
    'config',
    'address',
    'tls',
    'login',
    'version',
    'jetstream',
    'account',
    'permissions',
    'cluster',
    'consumers',
    'clock',
    'handlers',
  ]);
  const after = await link.jsm.getAccountInfo();
  const kept = ({ storage, streams, consumers }: typeof after) => ({ storage, streams, consumers });
  expect(kept(after)).toEqual(kept(before));
});

test('a wrong port: nothing listens there, or something that says nothing, or no nats-server', async () => {
  const [port] = await freePorts(1);
  const refused = await examine({ server: `nats://127.0.0.1:${port}` });
  expect(complaints(refused)).toMatchObject([
    {
      about: 'address',
      status: 'fail',
      message: expect.stringContaining('connection refused: nothing listens there'),
      next: expect.stringContaining('plutomi-events server start'),
    },
  ]);
  // What needs no server is looked at all the same.
  expect(aboutOf(refused)).toEqual(['config', 'address', 'handlers']);

  for (const [says, text] of [
    ['', 'says nothing'],
    ['220 mail.example.com ESMTP\r\n', 'is no nats-server'],
  ] as const) {
    const other = createServer((socket) => void socket.on('error', () => {}).write(says));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port: taken } = other.address() as { port: number };
    const found = await examine({ server: `nats://127.0.0.1:${taken}`, timeoutMs: 1000 });
    expect(complaints(found)).toMatchObject([
      { about: 'address', status: 'fail', message: expect.stringContaining(text) },
    ]);
  }
});

test('TLS against a plain port, and a plain address against TLS', async () => {
  const plain = await natsForTest();
  const offered = await examine({ server: plain.url.replace('nats://', 'tls://') });
  expect(complaints(offered)).toMatchObject([
    {
      about: 'tls',
      status: 'fail',
      message: 'TLS was asked for, and the server has none',
      next: expect.stringContaining('nats:// instead of tls://'),
    },
  ]);

  const pair = `cert_file: "${tls('server.cert')}", key_file: "${tls('server.key')}"`;
  const secured = await natsForTest({ config: `tls { ${pair} }` });
  const missing = await examine({ server: secured.url.replace('tls://', 'nats://') });
  expect(complaints(missing)).toMatchObject([
    {
      about: 'tls',
      status: 'fail',
      message: expect.stringContaining('the server requires TLS'),
      next: expect.stringContaining('--tlsca'),
    },
  ]);
  await applied(plain.url);
  const trusted = await examine({ server: secured.url, tlsCa: tls('ca.cert') });
  expect(trusted.findings.slice(1, 4).map(shown)).toMatchObject([
    { about: 'address', status: 'ok' },
    { about: 'tls', status: 'ok', message: expect.stringContaining('the certificate is accepted') },
    { about: 'login', status: 'ok' },
  ]);
});

test('a server without JetStream', async () => {
  const [port] = await freePorts(1);
  const child = spawn(await serverBinary(), ['-a', '127.0.0.1', '-p', `${port}`], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const server = `nats://127.0.0.1:${port}`;
  await eventually('it is told', async () => {
    const [first] = complaints(await examine({ server }));
    return (
      first?.about === 'jetstream' && first.next === 'start nats-server with -js, or name another server'
    );
  });
});

test('a wrong password', async () => {
  const server = await natsForTest({ config: 'authorization { user: ana, password: secret }' });
  const found = await examine({ server: server.url, user: 'ana', password: 'guess' });
  expect(complaints(found)).toMatchObject([
    { about: 'login', status: 'fail', next: expect.stringContaining('check the credentials') },
  ]);
  expect(JSON.stringify(found)).not.toContain('guess');
});

test('an account without JetStream, one without storage, and one whose storage is nearly full', async () => {
  const user = (one: string): string => `users: [ { user: ${one}, password: secret } ]`;
  const server = await natsForTest({
    config: `accounts {
      none { ${user('none')} }
      bare { jetstream: { max_memory: 1MB, max_store: 0 }, ${user('bare')} }
      full { jetstream: { max_memory: 1MB, max_store: 100KB }, ${user('full')} }
      few { jetstream: { max_memory: 1MB, max_store: 1MB, max_streams: 3 }, ${user('few')} }
    }`,
  });
  const as = (one: string) => examine({ server: server.url, user: one, password: 'secret' });
  expect(complaints(await as('none'))).toMatchObject([
    { about: 'jetstream', status: 'fail', message: expect.stringContaining('JetStream') },
  ]);
  expect(complaints(await as('bare'))).toMatchObject([
    { about: 'account', status: 'fail', message: 'the account has no file storage' },
    { about: 'streams', status: 'fail' },
  ]);
  expect(complaints(await as('few'))).toMatchObject([
    {
      about: 'account',
      status: 'fail',
      message: 'the account may have 3 streams, and the pipeline needs 6',
    },
    { about: 'streams', status: 'fail' },
  ]);

  await applied(server.url, {}, { user: 'full', password: 'secret' });
  const opened = await openPipeline({
    config,
    cwd: await folder(),
    server: server.url,
    user: 'full',
    password: 'secret',
  });
  onTestFinished(() => opened.close());
  await opened.publish('job.done', { text: 'x'.repeat(85_000) });
  expect(complaints(await as('full'))).toMatchObject([
    {
      about: 'storage',
      status: 'warn',
      message: expect.stringMatching(/^8\d KB of the account's 10\d KB of file storage are used$/),
    },
  ]);
  await opened.publish('job.done', { text: 'x'.repeat(13_000) });
  const found = await as('full');
  expect(complaints(found)).toMatchObject([{ about: 'storage', status: 'fail' }]);
  expect(found.ok).toBe(false);
});

test('a permission that is missing is named, and who may not ask is told', async () => {
  const users = (one: string, deny: string): string =>
    `{ user: ${one}, password: secret, permissions: { publish: { deny: ["${deny}"] }, subscribe: [">"] } }`;
  const server = await natsForTest({
    config: `authorization { users: [
      { user: all, password: secret },
      ${users('deaf', '$JS.API.CONSUMER.MSG.NEXT.events.>')},
      ${users('mute', '$SYS.REQ.USER.INFO')},
      ${users('blind', '$JS.API.STREAM.INFO.events-retry')},
      ${users('poor', '$JS.API.INFO')},
      { user: fenced, password: secret, permissions: { publish: [">"], subscribe: ["_INBOX_fenced.>"] } }
    ] }`,
  });
  await applied(server.url, {}, { user: 'all', password: 'secret' });
  const as = (user: string, more: Partial<DiagnoseOptions> = {}) =>
    examine({ server: server.url, user, password: 'secret', ...more });
  const next = 'plutomi-events pipeline permissions --role runner   # what this user needs';
  expect(complaints(await as('deaf'))).toEqual([
    {
      about: 'permissions',
      status: 'fail',
      message: `a runner has to publish to $JS.API.CONSUMER.MSG.NEXT.events.${name}`,
      next,
    },
  ]);
  expect(complaints(await as('deaf', { role: 'viewer' }))).toEqual([]);
  // The time is then that of the streams.
  expect(complaints(await as('mute'))).toMatchObject([{ about: 'permissions', status: 'warn', next }]);
  expect(complaints(await as('fenced', { inboxPrefix: '_INBOX_fenced' }))).toEqual([]);
  const prefix = 'name the prefix that this user may subscribe to with --inbox-prefix or NATS_INBOX_PREFIX';
  const elsewhere = complaints(await as('fenced'));
  expect(elsewhere.filter(({ about }) => about === 'account')).toMatchObject([{ next: prefix }]);
  expect(elsewhere.filter(({ about }) => about === 'streams')).toMatchObject([{ next: prefix }]);
  const poor = complaints(await as('poor'));
  expect(poor.find(({ about }) => about === 'account')?.next).toBe('let this user publish to $JS.API.INFO');
  const blind = complaints(await as('blind'));
  expect(blind.find(({ about }) => about === 'streams')?.next).toBe(
    'plutomi-events pipeline permissions --role viewer   # what a user needs for this',
  );
});

test('streams that are not there, one of another owner, and a durable with another filter', async () => {
  const server = await natsForTest();
  const nothing = await examine({ server: server.url });
  expect(complaints(nothing)).toMatchObject([
    {
      about: 'streams',
      status: 'fail',
      message: '12 streams and consumers are not there: events-advisories, events, events-retry and others',
      next: 'plutomi-events pipeline apply',
    },
  ]);
  const link = await connectTo(server.url);
  await link.jsm.streams.add({ name: 'events', subjects: ['events.>'] });
  expect(complaints(await examine({ server: server.url }))).toMatchObject([
    {
      about: 'streams',
      status: 'fail',
      message: expect.stringContaining('stream events exists and belongs to no pipeline'),
    },
    { about: 'streams', status: 'fail' },
  ]);
  await link.jsm.streams.delete('events');

  await applied(server.url);
  await link.jsm.consumers.update('events', name, { filter_subjects: ['events.job.other'] });
  const [found, ...others] = complaints(await examine({ server: server.url }));
  expect(others).toEqual([]);
  expect(found).toMatchObject({
    about: 'consumers',
    status: 'fail',
    next: 'plutomi-events pipeline apply --dry-run   # what it would change',
  });
  expect(found?.message).toContain(`consumer events/${name} differs from the config: filter_subjects`);
  expect(found?.message).toContain('events.job.other');
});

test('streams of another pipeline are one finding, on one line', async () => {
  const server = await natsForTest();
  await applied(server.url, { name: 'healthy' });
  const found = complaints(await examine({ server: server.url }));
  expect(found).toEqual([
    {
      about: 'streams',
      status: 'fail',
      message: 'stream events-advisories exists and belongs to the pipeline "healthy", and 11 more like it',
      next: 'use other names in the config: streams.<stream>.name, or the name of the consumer',
    },
  ]);
});

test('a consumer that is paused', async (context) => {
  const server = await natsForTest();
  context.skip(server.version.startsWith('2.10.'), 'pausing came with 2.11');
  await applied(server.url);
  const link = await connectTo(server.url);
  await link.jsm.consumers.pause('events', name, new Date('2036-01-01T00:00:00Z'));
  expect(complaints(await examine({ server: server.url }))).toEqual([
    {
      about: 'paused',
      status: 'fail',
      message: `consumer events/${name} is paused until 2036-01-01T00:00:00.000Z: nothing is delivered`,
      next: `plutomi-events pipeline resume ${name}`,
    },
  ]);
});

test.each([
  [60_000, 'fail', /^this machine is (59|1m).* ahead of the server$/],
  [-60_000, 'fail', /^this machine is (59|1m).* behind the server$/],
  [-5000, 'warn', /behind the server$/],
] as const)('a clock that is off by %i ms', async (offMs, status, text) => {
  const server = await natsForTest();
  await applied(server.url);
  const clock = { ...systemClock, now: () => Date.now() + offMs };
  expect(complaints(await examine({ server: server.url, clock }))).toMatchObject([
    { about: 'clock', status, message: expect.stringMatching(text) },
  ]);
});

test('a handler file that is missing, and a config with a problem', async () => {
  const server = await natsForTest();
  await applied(server.url);
  const cwd = await temporaryFolder();
  expect(complaints(await examine({ server: server.url, cwd }))).toMatchObject([
    {
      about: 'handlers',
      status: 'fail',
      message: `consumers.${name}.handler: ${path.join(cwd, 'handler.mjs')} is not there`,
    },
  ]);
  const wrong = { ...config, consumer: {} } as UserConfig;
  const [first] = complaints(await examine({ server: server.url, config: wrong }));
  expect(first).toMatchObject({ about: 'config', status: 'fail' });
  expect(first?.message).toContain('consumer');
});

test('without a config it takes what was applied, and without that it says what it can', async () => {
  const server = await natsForTest();
  const cwd = await temporaryFolder();
  const bare = await diagnosePipeline({ server: server.url, cwd });
  expect(complaints(bare)).toMatchObject([{ about: 'config', status: 'warn' }]);
  expect(bare.ok).toBe(true);
  expect(aboutOf(bare)).toContain('clock');
});

test('the monitoring port tells of the store, and what is none is told', async () => {
  const [port] = await freePorts(1);
  const server = await natsForTest({ config: `http: "127.0.0.1:${port}"` });
  await applied(server.url);
  const found = await examine({ server: server.url, monitor: `http://127.0.0.1:${port}` });
  expect(complaints(found)).toEqual([]);
  expect(found.findings.slice(-2).map(shown)).toMatchObject([
    { about: 'monitor', status: 'ok' },
    { about: 'storage', status: 'ok', message: expect.stringMatching(/ are used in .*jetstream$/) },
  ]);
  const wrong = await examine({ server: server.url, monitor: `http://127.0.0.1:${server.port}` });
  expect(complaints(wrong)).toMatchObject([{ about: 'monitor', status: 'fail' }]);
});

test('a cluster with a node down, and one without a leader', async () => {
  const cluster = await startCluster();
  onTestFinished(() => cluster.stop());
  const replicated = { replicas: 3 };
  await applied(cluster.url, replicated);
  const with3 = { ...config, ...replicated };
  const all = await examine({ server: cluster.url, config: with3 });
  expect(complaints(all)).toEqual([]);
  const [first, second, third] = cluster.nodes as [TestServer, TestServer, TestServer];
  await third.kill9();
  await eventually(
    'the replica is missed',
    async () => {
      const found = await examine({ server: first.url, config: with3 });
      return complaints(found).some(
        ({ about, status, message }) =>
          about === 'cluster' &&
          status === 'warn' &&
          /^node n3 (is offline|was not heard of for .*): 6 streams have a replica there$/.test(message),
      );
    },
    40_000,
  );
  await second.kill9();
  await eventually(
    'the leader is missed',
    async () => {
      const found = await examine({ server: first.url, config: with3, timeoutMs: 1000 });
      return complaints(found).some(({ about, status }) => about === 'cluster' && status === 'fail');
    },
    40_000,
  );
}, 120_000);
