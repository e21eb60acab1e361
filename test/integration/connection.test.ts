import { setImmediate } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PlutomiError } from '../../src/lib/errors.js';
import { connect } from '../../src/lib/nats/connect/connect.js';
import type { Link } from '../../src/lib/nats/link.js';
import { createConsumer, createStream } from '../../src/lib/nats/objects.js';
import type { Auth, ConnectionTarget } from '../../src/lib/nats/connect/target.js';
import { eventually } from '../support/eventually.js';
import { serverBinary, startNats, type TestServer } from '../support/nats-server.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { containing } from '../support/suggestions.js';

const password = 's3cret-pass/word@here';

function targetOf(url: string, change: Partial<ConnectionTarget> = {}): ConnectionTarget {
  return { servers: [url], source: 'NATS_URL', name: 'test', timeoutMs: 3000, ...change };
}

async function open(url: string, change: Partial<ConnectionTarget> = {}): Promise<Link> {
  const link = await connect(targetOf(url, change));
  onTestFinished(() => link.close());
  return link;
}

async function refusalOf(url: string, change: Partial<ConnectionTarget> = {}): Promise<PlutomiError> {
  return open(url, change).then(
    () => expect.fail('it connected'),
    (error: PlutomiError) => error,
  );
}

async function natsWith(config: string): Promise<TestServer> {
  const server = await startNats({ config });
  onTestFinished(() => server.stop());
  return server;
}

/** A TCP server that says hello as a nats-server would, and answers pings. */
async function serverThatSays(info: object | undefined): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    if (info) socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    socket.on('data', (data) => {
      if (data.includes('PING')) socket.write('PONG\r\n');
    });
    onTestFinished(() => void socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `nats://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const hello = {
  server_id: 'x',
  version: '2.15.1',
  proto: 1,
  headers: true,
  max_payload: 1_048_576,
  jetstream: true,
};

describe('credentials', () => {
  const users = `authorization { users = [{ user: "ada", password: "${password}" }] }`;

  test.each<[string, string, Auth]>([
    ['user and password', users, { user: 'ada', password }],
    ['a token', 'authorization { token: "t0ken" }', { token: 't0ken' }],
  ])('connects with %s', async (_what, config, auth) => {
    const { url } = await natsWith(config);
    expect((await open(url, { auth })).connected).toBe(true);
  });

  test.each<[string, Auth | undefined]>([
    ['a wrong password', { user: 'ada', password: `${password}-not` }],
    ['an unknown user', { user: 'eve', password }],
    ['none at all', undefined],
  ])('%s: not allowed, exit code 4, and no secret in what is said', async (_what, auth) => {
    const { url } = await natsWith(users);
    const error = await refusalOf(url, auth ? { auth } : {});
    expect(error).toMatchObject({ code: 'NOT_ALLOWED', exitCode: 4 });
    expect(error.message).toContain(`${url} (from NATS_URL)`);
    expect(JSON.stringify([error.message, error.suggestions])).not.toContain('s3cret');
  });

  test('in the URL are never shown', async () => {
    const { url } = await natsWith(users);
    const error = await refusalOf(url.replace('nats://', 'nats://ada:s3cret-other@'));
    expect(error.message).not.toContain('s3cret');
  });
});

describe('a server that is no use', () => {
  test('nobody listens there', async () => {
    const server = await natsForTest();
    await server.stop();
    const { url } = server;
    const error = await refusalOf(url);
    expect(error).toMatchObject({ code: 'CANNOT_CONNECT', exitCode: 4 });
    expect(error.message).toContain(`can't connect to ${url} (from NATS_URL)`);
    expect(error.suggestions).toContainEqual(containing('server start'));
  });

  test('it never says hello', async () => {
    const error = await refusalOf(await serverThatSays(undefined), { timeoutMs: 300 });
    expect(error).toMatchObject({ code: 'CANNOT_CONNECT', exitCode: 4 });
  });

  test('it is older than 2.10', async () => {
    const error = await refusalOf(await serverThatSays({ ...hello, version: '2.9.25' }));
    expect(error).toMatchObject({ code: 'SERVER_TOO_OLD', exitCode: 4 });
    expect(error.message).toContain('nats-server 2.9.25; 2.10.0 or newer is needed');
  });

  test('it has no TLS, and TLS was asked for: by its address, by a file, before it says anything', async () => {
    const { url } = await natsForTest();
    const caFile = fileURLToPath(new URL('../support/tls/ca.cert.pem', import.meta.url));
    const byAddress = 'a server without TLS needs a nats:// address';
    const bySettings = containing('for a server without TLS, leave out --tlsca');
    const none = 'TLS was asked for, and the server has none';
    const tlsUrl = url.replace('nats:', 'tls:');
    expect(await refusalOf(tlsUrl, { tls: {} })).toMatchObject({
      code: 'CANNOT_CONNECT',
      message: expect.stringContaining(none),
      suggestions: [byAddress],
    });
    expect(await refusalOf(url, { tls: { caFile } })).toMatchObject({
      message: expect.stringContaining(none),
      suggestions: [bySettings],
    });
    expect(await refusalOf(tlsUrl, { tls: { first: true } })).toMatchObject({
      suggestions: ['check host and port', byAddress, bySettings],
    });
  });

  test('it runs without JetStream', async () => {
    const child = spawn(await serverBinary(), ['-a', '127.0.0.1', '-p', '-1'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let log = '';
    child.stderr.on('data', (text: Buffer) => (log += text.toString()));
    await eventually('it listens', () => log.includes('Server is ready'));
    const port = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
    const error = await refusalOf(`nats://127.0.0.1:${port}`);
    expect(error).toMatchObject({ code: 'NO_JETSTREAM', exitCode: 4 });
  });

  // It was UNREACHABLE, for which one waits.
  test('the account has no JetStream: each request says so', async () => {
    const { url } = await natsWith(
      'accounts { PLAIN: { users: [{ user: u, password: p }] }, JS: { jetstream: enabled, users: [{ user: j, password: p }] } }',
    );
    const link = await open(url, { auth: { user: 'u', password: 'p' } });
    await expect(link.streamInfo('events')).rejects.toMatchObject({ code: 'NO_JETSTREAM', exitCode: 4 });
    expect(await link.account()).toBe('PLAIN');
  });
});

describe('a connection', () => {
  test('knows its server', async () => {
    const server = await natsForTest();
    const link = await connectTo(server.url);
    expect(link).toMatchObject({ serverVersion: server.version, clustered: false, maxPayload: 1_048_576 });
    expect(link.server).toBe(server.url.replace('nats://', ''));
  });

  test('tells when it is lost and when it is back, and works again', async () => {
    const server = await natsForTest();
    const link = await connectTo(server.url);
    await createStream(link, { name: 'events', subjects: ['events.>'] });
    const states: string[] = [];
    const unwatch = link.watch((state) => states.push(state));
    await server.kill9();
    await eventually('it is lost', () => !link.connected);
    await expect(link.publish('events.a', '1', { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
    await server.restart();
    await eventually('it is back', () => link.connected);
    expect(states).toEqual(['disconnected', 'reconnected']);
    expect((await link.publish('events.a', '2')).stream).toBe('events');
    unwatch();
    await server.restart();
    await eventually(
      'it is back again',
      async () => (await link.streamInfo('events').catch(() => {})) !== undefined,
    );
    expect(states).toHaveLength(2);
  });

  test('sends what waits for no answer when the turn of the event loop ends, and before it is closed', async () => {
    const server = await natsForTest();
    const [listener, link] = [await connectTo(server.url), await connect(targetOf(server.url))];
    const heard: string[] = [];
    listener.nc.subscribe('said', { callback: (_, msg) => void heard.push(msg.string()) });
    await listener.flush();
    const sentBefore = link.nc.stats().outMsgs;
    for (const word of ['1', '2']) link.send('said', word);
    expect(link.nc.stats().outMsgs).toBe(sentBefore);
    await setImmediate();
    expect(link.nc.stats().outMsgs).toBe(sentBefore + 2);
    link.send('said', 'flushed');
    await link.flush();
    await listener.flush();
    expect(heard).toEqual(['1', '2', 'flushed']);
    link.send('said', 'closed');
    await link.close();
    link.send('said', 'never');
    await setImmediate();
    await listener.flush();
    expect(heard).toEqual(['1', '2', 'flushed', 'closed']);
  });

  test('is closed once, however often that is asked for', async () => {
    const server = await natsForTest();
    const link = await connect(targetOf(server.url));
    await link.close();
    await link.close();
    await link.closed();
    expect(link.connected).toBe(false);
    await expect(link.publish('events.a', '1')).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('is closed also when the server is gone', async () => {
    const server = await natsForTest();
    const link = await connect(targetOf(server.url));
    await server.kill9();
    await eventually('it is lost', () => !link.connected);
    await link.close();
    await link.closed();
  });
});

describe('what the server refuses has a class of its own', () => {
  async function events(): Promise<Link> {
    const server = await natsForTest();
    const link = await connectTo(server.url);
    await createStream(link, { name: 'events', subjects: ['events.>'] });
    return link;
  }

  test.each<[string, (link: Link) => Promise<unknown>, string]>([
    ['a subject that no stream stores', (link) => link.publish('nowhere', '1'), 'UNREACHABLE'],
    [
      'another last sequence',
      (link) => link.publish('events.a', '1', { expectLastSubjectSeq: 7 }),
      'WRONG_SEQUENCE',
    ],
    [
      'a stream of another name',
      (link) => link.publish('events.a', '1', { expectStream: 'x' }),
      'JETSTREAM_10060',
    ],
    [
      'a message larger than the server takes',
      (link) => link.publish('events.a', 'x'.repeat(2_000_000)),
      'TOO_LARGE',
    ],
    [
      'a header with a line feed',
      (link) => link.publish('events.a', '1', { headers: { a: 'b\nc' } }),
      'FAILED',
    ],
    ['a read of a stream that is not there', (link) => link.readFromLeader('nowhere', 1), 'NO_STREAM'],
    ['a name that no stream can have', (link) => link.readFromLeader('no.where', 1), 'FAILED'],
  ])('%s', async (_what, action, code) => {
    await expect(action(await events())).rejects.toMatchObject({ code });
  });

  test.each<[string, (link: Link) => Promise<unknown>, unknown]>([
    ['a message', (link) => link.readFromLeader('events', 9), undefined],
    [
      'a message, asked of a replica',
      (link) => link.readDirect('events', 9).catch(() => undefined),
      undefined,
    ],
    ['a last message', (link) => link.readLast('events', 'events.a'), undefined],
    ['a next message', (link) => link.readNext('events', 'events.>', 1), undefined],
    ['a stream', (link) => link.streamInfo('nowhere'), undefined],
    ['a consumer', (link) => link.consumerInfo('events', 'nobody'), undefined],
    ['a consumer of no stream', (link) => link.consumerInfo('nowhere', 'nobody'), undefined],
    ['a message to delete', (link) => link.deleteMessage('events', 9), false],
  ])('%s that is not there is no error', async (_what, action, found) => {
    expect(await action(await events())).toBe(found);
  });

  test('a duplicate is told, with the place of the first', async () => {
    const link = await events();
    const first = await link.publish('events.a', '1', { msgId: 'id-1' });
    expect(first).toEqual({ stream: 'events', seq: 1, duplicate: false });
    expect(await link.publish('events.a', '1', { msgId: 'id-1' })).toEqual({ ...first, duplicate: true });
  });

  test('what the user may not do is not allowed, with exit code 4, and at once', async () => {
    const deny = '["events.denied", "$JS.API.STREAM.CREATE.>", "$JS.API.STREAM.MSG.GET.>"]';
    const { url } = await natsWith(
      `authorization { users = [{ user: a, password: p }, { user: w, password: p, permissions: { publish: { deny: ${deny} } } }] }`,
    );
    const admin = await open(url, { auth: { user: 'a', password: 'p' } });
    await createStream(admin, { name: 'events', subjects: ['events.>'] });
    const link = await open(url, { auth: { user: 'w', password: 'p' }, timeoutMs: 20_000 });
    const notAllowed = { code: 'NOT_ALLOWED', exitCode: 4 };
    await expect(link.publish('events.denied', '1')).rejects.toMatchObject(notAllowed);
    await expect(link.readFromLeader('events', 1)).rejects.toMatchObject(notAllowed);
    await expect(createStream(link, { name: 'x', subjects: ['x'] })).rejects.toMatchObject(notAllowed);
    expect((await link.publish('events.allowed', '1')).seq).toBe(1);
    await createConsumer(link, 'events', { durable_name: 'c', ack_policy: 'explicit' });
  });
});

test('a message is read with its time to the nanosecond, the same from the leader and from a replica', async () => {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  await createStream(link, { name: 'events', subjects: ['events.>'], allow_direct: true });
  const header = { Trace: ['a', 'b'], 'x-lower': ['1'] };
  await link.publish('events.a', new Uint8Array([0, 255, 10]), { headers: header, msgId: 'id-1' });
  const leader = await link.readFromLeader('events', 1);
  const replica = await link.readDirect('events', 1);
  expect(leader).toMatchObject({ stream: 'events', subject: 'events.a', seq: 1 });
  expect(leader?.headers).toEqual({ ...header, 'Nats-Msg-Id': ['id-1'] });
  expect([...(leader?.data ?? [])]).toEqual([0, 255, 10]);
  expect(replica).toMatchObject({
    time: leader?.time,
    headers: leader?.headers,
    subject: 'events.a',
    seq: 1,
  });
  expect([...(replica?.data ?? [])]).toEqual([0, 255, 10]);
  expect(leader?.time).toMatch(/^\d{19}$/);
});
