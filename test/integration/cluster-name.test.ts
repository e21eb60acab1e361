import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../src/lib/nats/connect/connect.js';
import { openPipeline } from '../../src/lib/open/open-pipeline.js';
import { listStreams } from '../../src/lib/nats/objects.js';
import { startNats, type TestServer } from '../support/nats-server.js';
import { connectTo } from '../support/connect.js';

let cluster: TestServer;
let single: TestServer;

/** One node of a cluster whose others are not there: it has no leader, and says where it is. */
const startNode = () =>
  startNats({
    config: 'server_name: n1\ncluster { name: test, listen: "127.0.0.1:-1", routes: ["nats://127.0.0.1:1"] }',
  });

beforeAll(async () => {
  cluster = await startNode();
  single = await startNats();
});
afterAll(() => Promise.all([cluster?.stop(), single?.stop()]));

const target = (servers: readonly string[], name: string) => ({
  servers,
  source: 'the test',
  name: 'test',
  timeoutMs: 5000,
  cluster: name,
});

test('a server of the cluster is taken', async () => {
  await using pipeline = await openPipeline({ config: { name: 'p', cluster: 'test' }, server: cluster.url });
  expect(pipeline.config.cluster).toBe('test');
});

test('one of another cluster is refused, and one of none', async () => {
  await expect(connect(target([cluster.url], 'prod'))).rejects.toMatchObject({
    code: 'OTHER_CLUSTER',
    exitCode: 4,
    message: expect.stringMatching(
      / is in the cluster "test", and "prod" is expected: nothing was sent to it$/,
    ),
  });
  await expect(
    openPipeline({ config: { name: 'p', cluster: 'prod' }, server: single.url }),
  ).rejects.toMatchObject({
    code: 'OTHER_CLUSTER',
    message: expect.stringMatching(/ is in no cluster, and "prod" is expected/),
  });
});

test('a connection that comes back elsewhere is closed, and says why', async () => {
  const own = await startNode();
  const link = await connect(target([own.url], 'test'));
  await own.stop();
  await using other = await startNats({ port: own.port });
  expect(await link.closed()).toMatchObject({ code: 'OTHER_CLUSTER' });
  await expect(link.publish('anything', new Uint8Array())).rejects.toThrow();
  await using before = await connectTo(other.url);
  expect(await listStreams(before)).toEqual([]);
});
