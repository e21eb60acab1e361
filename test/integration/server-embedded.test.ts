import { stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { connect } from '@nats-io/transport-node';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { startCluster, startNats } from '../support/nats-server.js';

test('starts on a random port, keeps port and store across a crash, and leaves nothing behind', async () => {
  const nats = await startNats();
  const nc = await connect({ servers: nats.url });
  const jsm = await jetstreamManager(nc);
  await jsm.streams.add({ name: 'kept', subjects: ['kept.>'] });
  await jetstream(nc).publish('kept.1', 'x');
  await nc.close();
  const { pid, port } = nats;

  await nats.kill9();
  await nats.restart();

  expect(nats.pid).not.toBe(pid);
  expect(nats.port).toBe(port);
  const again = await connect({ servers: nats.url });
  expect((await (await jetstreamManager(again)).streams.info('kept')).state.messages).toBe(1);
  await again.close();
  await nats.stop();
  await expect(stat(nats.storeDir)).rejects.toThrow('ENOENT');
});

test('cluster', async () => {
  await using cluster = await startCluster(3);
  await cluster.nodes[0]!.kill9();
  await cluster.nodes[0]!.restart();
  await cluster.ready();
});
