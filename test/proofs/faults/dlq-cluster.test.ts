import { pipelineOf } from '../../support/pipeline-of.js';
import { expect, onTestFinished, test } from 'vitest';
import { planReplay } from '../../../src/lib/dlq/replay/plan-replay.js';
import { connect } from '../../../src/lib/nats/connect/connect.js';
import { listConsumers } from '../../../src/lib/nats/objects.js';
import { readStream } from '../../../src/lib/nats/read/read-stream.js';
import { applyTopology, makeConfig } from '../../support/config.js';
import { bury } from '../../support/dead-letters.js';
import { eventually } from '../../support/eventually.js';
import { startCluster } from '../../support/nats-server.js';
import { carryOut } from '../../support/replay.js';

const count = 300;
/** Repeats until every stream has a leader again. */
async function insistently<T>(work: () => Promise<T>): Promise<T> {
  let result: { readonly value: T } | undefined;
  const done = async (): Promise<boolean> => {
    result = await work().then(
      (value) => ({ value }),
      () => undefined,
    );
    return result !== undefined;
  };
  await eventually('every stream has a leader again', done, 30_000);
  return (result as unknown as { readonly value: T }).value;
}

const three = { replicas: 3 };

test('three replicas: what the DLQ holds is read and replayed while the nodes that serve it are killed', async () => {
  await using cluster = await startCluster(3);
  const link = await connect({ servers: [...cluster.urls], source: 'test', name: 'test', timeoutMs: 1000 });
  onTestFinished(() => link.close());
  const config = makeConfig({
    streams: { events: three, retry: three, dlq: three, advisories: three, operations: three, kept: three },
  });
  await applyTopology(link, config);
  const bed = { link, config };
  for (let i = 0; i < count; i++) await bury(bed);

  const seqs: number[] = [];
  let killed: string | undefined;
  for await (const { seq } of readStream(link, { stream: 'events-dlq', filters: ['events-dlq.>'] })) {
    if (seqs.push(seq) !== 10) continue;
    const reader = (await listConsumers(link, 'events-dlq')).find(
      (one) => one.config.durable_name === undefined,
    );
    killed = reader?.cluster?.leader;
    await cluster.nodes.find(({ name }) => name === killed)?.kill9();
  }
  expect(killed).toBeDefined();
  expect(seqs).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  const node = cluster.nodes.find(({ name }) => name === killed);
  await node?.restart();
  await cluster.ready();
  const plan = await insistently(() => planReplay(pipelineOf(link, config), { filters: {} }));
  expect(plan.items).toHaveLength(count);
  const replaying = carryOut(bed, plan);
  await eventually('the replay has begun', async () => (await stored(link, 'events-retry')) > 5);
  const leader = (await link.streamInfo('events-retry'))?.cluster?.leader;
  await cluster.nodes.find(({ name }) => name === leader)?.kill9();
  expect(await replaying).toMatchObject({ selected: count, replayed: count, skipped: [] });
  // A node is still gone: the server answers again when each stream has a leader.
  const messagesOf = async (stream: string): Promise<number | undefined> =>
    (await insistently(() => link.streamInfo(stream)))?.state.messages;
  expect(await messagesOf('events-dlq')).toBe(0);
  expect(await messagesOf('events-retry')).toBe(count);

  async function stored(over: typeof link, stream: string): Promise<number> {
    return (await over.streamInfo(stream).catch(() => undefined))?.state.messages ?? -1;
  }
}, 120_000);
