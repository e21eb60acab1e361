import { pipelineOf } from '../../support/pipeline-of.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { PipelineConfig } from '../../../src/lib/config/resolved.js';
import type { Link } from '../../../src/lib/nats/link.js';
import { silentLogger } from '../../../src/lib/observe/log.js';
import type { WaterfallEvent } from '../../../src/lib/observe/waterfall-event.js';
import { runPipeline } from '../../../src/lib/waterfall/run.js';
import type { RunningPipeline } from '../../../src/lib/waterfall/running-pipeline.js';
import { applyTopology, makeConfig } from '../../support/config.js';
import { connectTo } from '../../support/connect.js';
import { eventually } from '../../support/eventually.js';
import { startCluster } from '../../support/nats-server.js';

const handlerFile = '/handlers/worker';

function clusterConfig(): PipelineConfig {
  const retry = { enabled: true, delayMs: 200, attempts: 2, backoffMs: [50] };
  const config = makeConfig({
    consumers: [
      { name: 'worker', handler: handlerFile, attempts: 2, backoffMs: [50], concurrency: 20, retry },
    ],
  });
  const streams = Object.entries(config.streams).map(([role, one]) => [role, { ...one, replicas: 3 }]);
  return { ...config, streams: Object.fromEntries(streams) as PipelineConfig['streams'] };
}

async function publishAll(link: Link, count: number): Promise<void> {
  for (let n = 1; n <= count; n++) {
    await eventually(
      `event ${n} is stored`,
      () =>
        link.publish('events.job', JSON.stringify({ n }), { msgId: `job-${n}`, timeoutMs: 1500 }).then(
          () => true,
          () => false,
        ),
      60_000,
    );
  }
}

test('three replicas, nodes killed one after the other: each event is done or dead, none is lost', async () => {
  await using cluster = await startCluster(3);
  const config = clusterConfig();
  await using link = await connectTo(cluster.url);
  await applyTopology(link, config);
  const done = new Set<number>();
  const events: WaterfallEvent[] = [];
  const handler = async (event: { readonly data: unknown }): Promise<void> => {
    const { n } = event.data as { n: number };
    await sleep(5);
    if (n % 5 === 0) throw new Error('always');
    done.add(n);
  };
  const pipelines: RunningPipeline[] = [];
  const links: (Link & AsyncDisposable)[] = [];
  for (const worker of ['one', 'two']) {
    const own = await connectTo(cluster.url, worker);
    links.push(own);
    const pipeline = runPipeline(pipelineOf(own, config, { identity: { worker } }), {
      handlers: new Map([[handlerFile, handler]]),
      log: silentLogger(),
    });
    pipeline.subscribe((event) => void events.push(event));
    pipelines.push(pipeline);
  }
  const faults = (async () => {
    for (const node of cluster.nodes) {
      await eventually('some more are done', () => done.size % 100 > 50 || done.size > 350, 20_000);
      await node.kill9();
      await sleep(1500);
      await node.restart();
      await cluster.ready();
    }
  })();
  await publishAll(link, 500);
  await faults;
  const dead = async (): Promise<number> =>
    (await link.streamInfo('events-dlq').catch(() => undefined))?.state.messages ?? -1;
  await eventually(
    '400 are done and 100 are dead',
    async () => done.size === 400 && (await dead()) === 100,
    60_000,
  );
  const told = (): Set<string> =>
    new Set(events.flatMap((event) => (event.type === 'dead-letter' ? [event.id] : [])));
  await eventually('each dead letter is told', () => told().size === 100, 30_000);
  expect(done.size).toBe(400);
  for (const pipeline of pipelines) await pipeline.stop(2000);
  for (const own of links) await own.close();
}, 180_000);
