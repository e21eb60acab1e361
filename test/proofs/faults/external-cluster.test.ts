import { pipelineOf } from '../../support/pipeline-of.js';
import { expect, onTestFinished, test } from 'vitest';
import type { Link } from '../../../src/lib/nats/link.js';
import { silentLogger } from '../../../src/lib/observe/log.js';
import type { WaterfallEvent } from '../../../src/lib/observe/waterfall-event.js';
import { runPipeline } from '../../../src/lib/waterfall/run.js';
import { applyTopology, makeConfig } from '../../support/config.js';
import { connectTo } from '../../support/connect.js';
import { eventually } from '../../support/eventually.js';
import { startExternalWorker } from '../../support/external.js';
import { startCluster } from '../../support/nats-server.js';

const count = 60;

async function stepDown(link: Link): Promise<void> {
  const subject = '$JS.API.STREAM.LEADER.STEPDOWN.events-advisories';
  await eventually('the journal has stepped down', () =>
    link.nc.request(subject, '', { timeout: 2000 }).then(
      (answer) => answer.json<{ success?: boolean }>().success === true,
      () => false,
    ),
  );
}

test('on a cluster, what is heard while the journal gets another leader is copied once it has one', async () => {
  await using cluster = await startCluster(3);
  const three = { replicas: 3 };
  const config = makeConfig({
    consumers: [],
    external: [{ name: 'rust', ackWaitMs: 2000 }],
    streams: { events: three, retry: three, dlq: three, advisories: three, operations: three, kept: three },
  });
  await using link = await connectTo(cluster.url);
  await applyTopology(link, config);
  // Only the second path is looked at here: the journal captures nothing of the server's.
  await link.jsm.streams.update('events-advisories', { subjects: ['events-advisories.>'] });
  const events: WaterfallEvent[] = [];
  const pipelines = await Promise.all(
    ['a', 'b'].map(async (worker) => {
      const own = await connectTo(cluster.url, worker);
      const pipeline = runPipeline(pipelineOf(own, config, { identity: { worker } }), {
        handlers: new Map(),
        log: silentLogger(),
      });
      pipeline.subscribe((event) => void events.push(event));
      return { own, pipeline };
    }),
  );
  onTestFinished(async () => {
    for (const { own, pipeline } of pipelines) {
      await pipeline.stop(1000);
      await own.close();
    }
  });
  startExternalWorker(cluster.url, 'rust');
  for (let n = 0; n < count; n++) {
    if (n % 20 === 10) await stepDown(link);
    await eventually(`event ${n} is stored`, () =>
      link.publish('events.job', JSON.stringify({ do: 'term' }), { msgId: `job-${n}`, timeoutMs: 2000 }).then(
        () => true,
        () => false,
      ),
    );
  }
  // How often each was copied. Routing them is what other tests look at.
  const copies = async (): Promise<number[]> => {
    const filter = 'events-advisories.business.MSG_TERMINATED.rust.>';
    const info = await link.streamInfo('events-advisories', filter).catch(() => undefined);
    return Object.values(info?.state.subjects ?? {});
  };
  await eventually('all are copied', async () => (await copies()).length === count, 60_000);
  expect(Math.max(...(await copies()))).toBe(1);
  expect(events.filter(({ type }) => type === 'event-lost' || type === 'refused-advisory')).toEqual([]);
}, 120_000);
