import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { readRoot } from '../support/deploy.js';
import { natsForTest } from '../support/pipeline.js';

test('the server of the compose file: admin has streams, sys manages the server, and nobody else gets in', async () => {
  const text = await readRoot('deploy/nats-server.conf');
  // Its ports and its folder are those of the container.
  const config = text.replace('http: 0.0.0.0:8222', 'http: 127.0.0.1:-1').replace('  store_dir: /data\n', '');
  expect(text.length - config.length).toBe('  store_dir: /data\n'.length);
  const server = await natsForTest({ config });
  const as = async (user: string, pass: string): Promise<NatsConnection> => {
    const connection = await connect({ servers: server.url, user, pass });
    onTestFinished(() => connection.close());
    return connection;
  };

  const admin = await as('admin', 'password');
  const manager = await jetstreamManager(admin);
  await manager.streams.add({ name: 'events', subjects: ['events.>'], max_bytes: 10e9, storage: 'file' });
  await manager.streams.add({
    name: 'events-dlq',
    subjects: ['events-dlq.>'],
    max_bytes: 1e9,
    storage: 'file',
  });
  expect((await manager.getAccountInfo()).streams).toBe(2);
  await expect(admin.request('$SYS.REQ.SERVER.PING.JSZ', '{}', { timeout: 1000 })).rejects.toThrow();

  const sys = await as('sys', 'password');
  const answer = (await sys.request('$SYS.REQ.SERVER.PING.JSZ', '{}', { timeout: 10_000 })).json<{
    data: { config: { max_memory: number; max_storage: number }; streams: number };
  }>();
  expect(answer.data.streams).toBe(2);
  expect(answer.data.config.max_memory).toBeGreaterThanOrEqual(1e9);
  expect(answer.data.config.max_storage).toBeGreaterThanOrEqual(20e9);
  await expect(jetstreamManager(sys)).rejects.toThrow();

  await expect(connect({ servers: server.url, user: 'admin', pass: 'admin' })).rejects.toThrow();
  await expect(connect({ servers: server.url })).rejects.toThrow();
});
