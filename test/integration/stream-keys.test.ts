import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { configFrom } from '../../src/lib/config/load.js';
import type { PipelineConfig } from '../../src/lib/config/resolved.js';
import { updateStream } from '../../src/lib/nats/objects.js';
import { applyPlan, planTopology } from '../../src/lib/topology/apply.js';
import { isPending } from '../../src/lib/topology/diff/diff.js';
import { connectTo } from '../support/connect.js';
import { testBed } from '../support/pipeline.js';
import { startNats } from '../support/nats-server.js';
import { pipelineOf } from '../support/pipeline-of.js';

const configWith = (events: object): Promise<PipelineConfig> =>
  configFrom({ name: 'shop', events: { a: {} }, streams: { events } }, { folder: '/p' });

test('compression, description, metadata and placement are applied, changed in place, and idempotent', async () => {
  await using nats = await startNats();
  await using link = await connectTo(nats.url);
  const pending = async (config: PipelineConfig) =>
    (await planTopology(pipelineOf(link, config))).changes.filter(isPending);
  const apply = async (config: PipelineConfig): Promise<void> => {
    const pipeline = pipelineOf(link, config);
    await applyPlan(pipeline, await planTopology(pipeline));
  };
  const said = {
    compression: 's2',
    description: 'orders of the shop',
    metadata: { team: 'shop' },
    placement: { cluster: 'eu', tags: ['ssd', 'big'] },
  };
  const first = await configWith(said);
  expect((await pending(first)).find(({ name }) => name === 'events')?.fields).toEqual(
    expect.arrayContaining([
      { path: 'compression', from: null, to: 's2' },
      { path: 'description', from: null, to: 'orders of the shop' },
      { path: 'metadata.team', from: null, to: 'shop' },
      { path: 'placement.cluster', from: null, to: 'eu' },
      { path: 'placement.tags', from: null, to: ['ssd', 'big'] },
    ]),
  );
  await apply(first);
  expect((await link.streamInfo('events'))?.config).toMatchObject({
    ...said,
    metadata: { team: 'shop', 'plutomi-events.pipeline': 'shop' },
  });
  expect(await pending(first)).toEqual([]);

  const second = await configWith({
    compression: 'none',
    description: 'orders',
    metadata: { team: 'sales', cost: 'low' },
    placement: { tags: ['big', 'ssd'] },
  });
  expect(await pending(second)).toMatchObject([
    {
      action: 'update',
      name: 'events',
      fields: [
        { path: 'compression', from: 's2', to: 'none' },
        { path: 'description', from: 'orders of the shop', to: 'orders' },
        { path: 'placement.cluster', from: 'eu', to: '' },
        { path: 'metadata.team', from: 'shop', to: 'sales' },
        { path: 'metadata.cost', from: null, to: 'low' },
      ],
    },
  ]);
  await apply(second);
  expect(await pending(second)).toEqual([]);
});

test('what the config does not say stays as it is on the server', async () => {
  await using nats = await startNats();
  await using link = await connectTo(nats.url);
  const plain = pipelineOf(link, await configWith({}));
  await applyPlan(plain, await planTopology(plain));
  const byHand = { description: 'mine', metadata: { 'plutomi-events.pipeline': 'shop', team: 'x' } };
  await updateStream(link, 'events', {
    ...byHand,
    compression: 's2',
    placement: { cluster: 'eu', tags: [] },
  });
  expect((await planTopology(plain)).changes.filter(isPending)).toEqual([]);
  const changed = pipelineOf(link, await configWith({ maxMsgs: 5, metadata: { cost: 'low' } }));
  await applyPlan(changed, await planTopology(changed));
  expect((await link.streamInfo('events'))?.config).toMatchObject({
    max_msgs: 5,
    description: 'mine',
    compression: 's2',
    metadata: { team: 'x', cost: 'low' },
    placement: { cluster: 'eu' },
  });
});

test('maxMsgsPerSubject refuses one more of a subject, and removes none', async () => {
  await using nats = await startNats();
  await using link = await connectTo(nats.url);
  const one = pipelineOf(link, await configWith({ maxMsgsPerSubject: 1, discard: 'new' }));
  await applyPlan(one, await planTopology(one));
  const { seq } = await link.publish('events.order.7', 'first');
  await expect(link.publish('events.order.7', 'second')).rejects.toMatchObject({ code: 'STORE_FULL' });
  await link.publish('events.order.8', 'other');
  expect(await link.readLast('events', 'events.order.7')).toMatchObject({ seq });
  expect((await planTopology(one)).changes.filter(isPending)).toEqual([]);

  const any = pipelineOf(link, await configWith({ discard: 'new' }));
  await applyPlan(any, await planTopology(any));
  expect((await link.publish('events.order.7', 'second')).seq).toBe(3);
});

test('key-value data is compacted in a bucket that a consumer writes, and the events stay', async () => {
  const bed = await testBed({ consumers: [{ name: 'profiles' }] });
  const connection = await connect({ servers: bed.server.url });
  try {
    // What `nats kv add profiles --history 1` makes.
    const manager = await jetstreamManager(connection);
    await manager.streams.add({
      name: 'KV_profiles',
      subjects: ['$KV.profiles.>'],
      max_msgs_per_subject: 1,
      discard: 'new',
      allow_rollup_hdrs: true,
      allow_direct: true,
    });
    const run = await bed.run({
      profiles: async (event) => {
        const { user } = event.data as { user: string };
        await bed.link.publish(`$KV.profiles.${user}`, event.text ?? '');
      },
    });
    for (const [n, user] of ['ada', 'bob', 'ada', 'ada'].entries()) {
      await bed.publish('totp.requested', { user, n });
    }
    await run.until(() => run.count('succeeded') === 4);
    const { subjects } = (await bed.link.streamInfo('KV_profiles', '>'))?.state ?? {};
    expect(subjects).toEqual({ '$KV.profiles.ada': 1, '$KV.profiles.bob': 1 });
    expect((await bed.link.streamInfo('events'))?.state.messages).toBe(4);
  } finally {
    await connection.close();
  }
});
