import { expect, test } from 'vitest';
import type { PipelineConfig } from '../../../src/lib/config/resolved.js';
import { readEvents } from '../../../src/lib/events/read/read-events.js';
import { listConsumers } from '../../../src/lib/nats/objects.js';
import { applyTopology, makeConfig } from '../../support/config.js';
import { connectTo } from '../../support/connect.js';
import { eventually } from '../../support/eventually.js';
import { startCluster } from '../../support/nats-server.js';
import { pipelineOf } from '../../support/pipeline-of.js';

function clusterConfig(): PipelineConfig {
  const config = makeConfig({ consumers: [] });
  const streams = Object.entries(config.streams).map(([role, one]) => [role, { ...one, replicas: 3 }]);
  return { ...config, streams: Object.fromEntries(streams) as PipelineConfig['streams'] };
}

test('in a cluster: leaders move and nodes die, and each event is given once and in order', async () => {
  await using cluster = await startCluster(3);
  const config = clusterConfig();
  await using link = await connectTo(cluster.url, 'writer');
  await using reading = await connectTo(cluster.url, 'reader');
  await applyTopology(link, config);
  let stored = 0;
  const publish = async (count: number): Promise<void> => {
    for (const last = stored + count; stored < last; stored++) {
      const one = { msgId: `job-${stored}`, timeoutMs: 1500 };
      const send = (): Promise<boolean> =>
        link.publish('events.job', '{}', one).then(
          () => true,
          () => false,
        );
      await eventually(`event ${stored} is stored`, send, 60_000);
    }
  };
  await publish(100);
  const end = new AbortController();
  const seqs: number[] = [];
  const done = (async () => {
    const events = readEvents(pipelineOf(reading, config), { all: true, signal: end.signal });
    for await (const { seq } of events) seqs.push(seq);
  })();
  const caughtUp = (): Promise<void> => eventually('all are read', () => seqs.length >= stored, 60_000);
  const leader = async (): Promise<string | undefined> =>
    (await link.streamInfo('events').catch(() => undefined))?.cluster?.leader;
  await caughtUp();
  for (let round = 0; round < 3; round++) {
    const before = await leader();
    await link.nc.request('$JS.API.STREAM.LEADER.STEPDOWN.events', '', { timeout: 5000 });
    await publish(50);
    await eventually(
      'another one leads',
      async () => ![undefined, '', before].includes(await leader()),
      30_000,
    );
    await caughtUp();
  }
  for (const node of cluster.nodes) {
    await node.kill9();
    await publish(50);
    await node.restart();
    await cluster.ready();
    await caughtUp();
  }
  end.abort();
  await done;
  expect(seqs).toEqual(Array.from({ length: 400 }, (_, n) => n + 1));
  await eventually('nothing is left', async () => (await listConsumers(link, 'events')).length === 0, 60_000);
}, 240_000);
