import { expect, onTestFinished, test } from 'vitest';
import { replayEvents } from '../../../src/lib/events/replay/replay-events.js';
import type { Link } from '../../../src/lib/nats/link.js';
import { applyTopology, makeConfig } from '../../support/config.js';
import { startCluster } from '../../support/nats-server.js';
import { connectTo } from '../../support/pipeline.js';
import { pipelineOf } from '../../support/pipeline-of.js';

test('leaders that move meanwhile: every event, each once', async () => {
  const cluster = await startCluster();
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const link = await connectTo(cluster.urls.join(','));
  const replicated = makeConfig({ streams: { events: { replicas: 3 } } });
  await applyTopology(link, replicated);
  await link.jsm.streams.add({ name: 'copy', subjects: ['copy.>'], num_replicas: 3 });
  const pipeline = pipelineOf(link, replicated);
  await Promise.all(Array.from({ length: 2000 }, (_, i) => link.publish('events.n', String(i + 1))));
  let moved = 0;
  const onProgress = (): void => {
    if (moved++ < 3)
      for (const name of ['events', 'copy']) link.nc.publish(`$JS.API.STREAM.LEADER.STEPDOWN.${name}`);
  };
  const result = await replayEvents(pipeline, { all: true, to: 'events.>=copy.>', rate: 1500, onProgress });
  expect(moved).toBeGreaterThan(0);
  expect(result).toMatchObject({ read: 2000, written: 2000, failed: 0, lastSeq: 2000, stopped: null });
  const copies = await textsOf(link, 'copy');
  expect(new Set(copies)).toEqual(new Set(Array.from({ length: 2000 }, (_, i) => String(i + 1))));
  expect(copies).toHaveLength(2000);
}, 90_000);

/** The payloads of a stream, in order. */
async function textsOf(link: Link, stream: string): Promise<string[]> {
  const texts: string[] = [];
  for (let seq = 1; ; seq++) {
    const message = await link.readNext(stream, '>', seq);
    if (message === undefined) return texts;
    texts.push(Buffer.from(message.data).toString());
  }
}
