import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '../../src/lib/telemetry/log.js';
import type { WaterfallEvent } from '../../src/lib/telemetry/waterfall-event.js';
import { runPipeline } from '../../src/lib/waterfall/run.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { connectTo } from '../support/connect.js';
import { eventually } from '../support/eventually.js';
import { startExternalWorker } from '../support/external.js';
import { startCluster } from '../support/nats-server.js';

const count = 60;

test('on a cluster, what is heard while the journal gets another leader is copied once it has one', async () => {
  await using cluster = await startCluster(3);
  const three = { replicas: 3 };
  const config = makeConfig({
    consumers: [],
    external: [{ name: 'rust', ackWaitMs: 2000 }],
    // Only the second path is looked at here: the journal captures nothing of the server's.
    streams: { events: three, retry: three, dlq: three, advisories: three },
  });
  await using link = await connectTo(cluster.url);
  await applyTopology(link, config);
  await link.jsm.streams.update('events-advisories', { subjects: ['events-advisories.>'] });
  const events: WaterfallEvent[] = [];
  const pipelines = await Promise.all(
    ['a', 'b'].map(async (worker) =>
      runPipeline({
        link: await connectTo(cluster.url, worker),
        config,
        handlers: new Map(),
        log: silentLogger(),
        onEvent: (event) => events.push(event),
        worker,
        now: Date.now,
        monotonic: () => performance.now(),
        random: () => 0.5,
      }),
    ),
  );
  onTestFinished(async () => {
    await Promise.all(pipelines.map((pipeline) => pipeline.stop(1000)));
  });
  startExternalWorker(cluster.url, 'rust');
  for (let n = 0; n < count; n++) {
    if (n % 20 === 10) await link.nc.request('$JS.API.STREAM.LEADER.STEPDOWN.events-advisories');
    await eventually(`event ${n} is stored`, () =>
      link.publish('events.job', JSON.stringify({ do: 'term' }), { msgId: `job-${n}`, timeoutMs: 2000 }).then(
        () => true,
        () => false,
      ),
    );
  }
  await eventually(
    'all are dead',
    async () => (await link.streamInfo('events-dlq').catch(() => undefined))?.state.messages === count,
    40_000,
  );
  expect(events.filter(({ type }) => type === 'event-lost' || type === 'refused-advisory')).toEqual([]);
  const info = await link.streamInfo('events-advisories', 'events-advisories.business.MSG_TERMINATED.rust.>');
  const copies = Object.values(info?.state.subjects ?? {});
  expect(copies.length).toBe(count);
  expect(Math.max(...copies)).toBe(1);
}, 90_000);
