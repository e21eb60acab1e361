import { pipelineOf } from '../../support/pipeline-of.js';
import { jetstream } from '@nats-io/jetstream';
import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '../../../src/lib/observe/log.js';
import type { WaterfallEvent } from '../../../src/lib/observe/waterfall-event.js';
import { runPipeline } from '../../../src/lib/waterfall/run.js';
import { applyTopology, makeConfig } from '../../support/config.js';
import { connectTo } from '../../support/connect.js';
import { eventually } from '../../support/eventually.js';
import { startCluster } from '../../support/nats-server.js';

const retry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };
const three = { replicas: 3 };
const config = makeConfig({
  streams: { events: three, retry: three, advisories: three, operations: three, kept: three },
  consumers: ['one', 'other'].map((name) => ({
    name,
    handler: `/handlers/${name}`,
    attempts: 1,
    ackWaitMs: 60_000,
    retry,
  })),
});

test('an event that must run alone does not wait for routing that waits for the DLQ, and stops nobody', async () => {
  await using cluster = await startCluster(3);
  {
    await using link = await connectTo(cluster.url);
    await applyTopology(link, config);
  }
  await using any = await connectTo(cluster.url);
  const home = (await any.streamInfo('events-dlq'))?.cluster?.leader;
  const node = cluster.nodes.find(({ name }) => name === home);
  if (!node) throw new Error(`no node ${home}`);
  const url = cluster.urls.filter((one) => one !== node.url).join(',');
  await using link = await connectTo(url);

  // Delivered, and nobody says what became of it: the next delivery is the last attempt of a suspect.
  const publish = (n: number): Promise<unknown> =>
    eventually('the event is stored', () =>
      link.publish('events.job', JSON.stringify({ n }), { msgId: `${n}` }).then(
        () => true,
        () => false,
      ),
    );
  await publish(1);
  const suspect = await (await jetstream(link.nc).consumers.get('events', 'one')).next();
  await node.kill9();

  const events: WaterfallEvent[] = [];
  const ran: string[] = [];
  await using own = await connectTo(url, 'the worker');
  const handlerOf =
    (name: string) =>
    ({ seq }: { readonly seq: number }): void => {
      ran.push(`${name}/${seq}`);
      if (name === 'other' && seq === 1) throw new Error('to the DLQ');
    };
  const pipeline = runPipeline(pipelineOf(own, config), {
    handlers: new Map(config.consumers.map(({ name, handler }) => [handler, handlerOf(name)])),
    log: silentLogger(),
  });
  pipeline.subscribe((event) => void events.push(event));
  onTestFinished(async () => void (await pipeline.stop(200)));
  await eventually(
    'routing waits for the DLQ',
    () => events.some((event) => event.type === 'holding' && event.what === 'route'),
    40_000,
  );
  await eventually('its consumer has a leader', async () => {
    const info = await link.consumerInfo('events', 'one').catch(() => undefined);
    return info?.cluster?.leader !== undefined && info.cluster.leader !== node.name;
  });
  suspect?.nak();
  await eventually('the suspect runs', () => ran.includes('one/1'), 15_000);
  await publish(2);
  await eventually('both run the next', () => ran.includes('one/2') && ran.includes('other/2'), 15_000);
  await node.restart();
  await eventually(
    'the dead letter arrives',
    () => events.some((event) => event.type === 'dead-letter' && event.id === 'other/1'),
    40_000,
  );
  expect(ran.toSorted()).toEqual(['one/1', 'one/2', 'other/1', 'other/2']);
}, 150_000);
