import { describe, expect, it } from 'vitest';
import { createConsumer, createStream } from '../../../src/lib/nats/objects.js';
import { readStandstill } from '../../../src/lib/nats/standstill.js';
import { eventually } from '../../support/eventually.js';
import { startCluster } from '../../support/nats-server.js';
import { connectTo, natsForTest } from '../../support/pipeline.js';
import { cannotPause } from '../../support/can-pause.js';

const durable = { durable_name: 'billing', ack_policy: 'explicit' } as const;

const pull = '$JS.API.CONSUMER.MSG.NEXT.events.billing';

async function withStream() {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  await createStream(link, { name: 'events', subjects: ['events.>'] });
  return link;
}

describe('readStandstill', () => {
  it('finds nothing in the way of a consumer that delivers, whatever waits', async () => {
    const link = await withStream();
    await createConsumer(link, 'events', { ...durable, filter_subjects: ['events.order.>'] });
    await link.publish('events.order.placed', '{}');
    expect(await readStandstill(link, 'events', 'billing')).toBeUndefined();
  });

  it('names a stream or a consumer that is not there', async () => {
    const link = await withStream();
    expect(await readStandstill(link, 'nope', 'billing')).toMatchObject({ kind: 'no-stream' });
    expect(await readStandstill(link, 'events', 'billing')).toMatchObject({ kind: 'no-consumer' });
  });

  it('says until when a consumer is paused', async ({ skip }) => {
    const link = await withStream();
    skip(...cannotPause(link));
    await createConsumer(link, 'events', durable);
    await link.jsm.consumers.pause('events', 'billing', new Date('2036-01-01T00:00:00Z'));
    expect(await readStandstill(link, 'events', 'billing')).toEqual({
      kind: 'paused',
      detail: 'paused until 2036-01-01T00:00:00.000Z',
      until: '2036-01-01T00:00:00.000Z',
    });
    await link.jsm.consumers.resume('events', 'billing');
    expect(await readStandstill(link, 'events', 'billing')).toBeUndefined();
  });

  it('says that as much as is allowed is not acknowledged, until one is', async () => {
    const link = await withStream();
    await createConsumer(link, 'events', { ...durable, max_ack_pending: 1 });
    await link.publish('events.a', '1');
    await link.publish('events.a', '2');
    const inbox = link.nc.subscribe('mine', { max: 1 });
    link.nc.publish(pull, '{"batch":1}', { reply: 'mine' });
    const { value: next } = await inbox[Symbol.asyncIterator]().next();
    expect(await readStandstill(link, 'events', 'billing')).toMatchObject({ kind: 'max-ack-pending' });
    link.nc.publish(next?.reply ?? '', '+ACK');
    await eventually(
      'it delivers again',
      async () => (await readStandstill(link, 'events', 'billing')) === undefined,
    );
  });

  it('says that no more requests may wait at it', async () => {
    const link = await withStream();
    await createConsumer(link, 'events', { ...durable, max_waiting: 1 });
    link.nc.subscribe('nobody');
    link.nc.publish(pull, '{"batch":1,"expires":60000000000}', { reply: 'nobody' });
    await link.nc.flush();
    expect(await readStandstill(link, 'events', 'billing')).toMatchObject({ kind: 'max-waiting' });
  });

  it.for([
    ['pushes', { deliver_subject: 'push.here' }],
    ['serves groups only', { priority_policy: 'overflow', priority_groups: ['a'] }],
  ] as const)('says that a consumer that %s answers no pull of ours', async ([, fields], { skip }) => {
    const link = await withStream();
    if ('priority_groups' in fields) skip(...cannotPause(link));
    await createConsumer(link, 'events', { ...durable, ...(fields as object) });
    expect(await readStandstill(link, 'events', 'billing')).toMatchObject({ kind: 'not-pulled' });
  });

  it('says that the subjects of the stream have left its filter', async () => {
    const link = await withStream();
    await createConsumer(link, 'events', { ...durable, filter_subject: 'events.order.>' });
    await link.jsm.streams.update('events', { subjects: ['facts.>'] });
    expect(await readStandstill(link, 'events', 'billing')).toMatchObject({ kind: 'nothing-matches' });
  });

  it('says that a stream is sealed', async () => {
    const link = await withStream();
    await createConsumer(link, 'events', durable);
    await link.jsm.streams.update('events', { sealed: true } as object);
    expect(await readStandstill(link, 'events', 'billing')).toMatchObject({ kind: 'sealed' });
  });

  it('says that nobody leads a stream, or a consumer of one that somebody leads', async () => {
    await using cluster = await startCluster(3);
    const link = await connectTo(cluster.url);
    await createStream(link, { name: 'alone', subjects: ['alone'], num_replicas: 1 });
    const home = (await link.streamInfo('alone'))?.cluster?.leader;
    await createStream(link, { name: 'events', subjects: ['events.>'], num_replicas: 3 });
    // A consumer of one replica can stand on any node: of a dozen, one stands beside the stream that is to go.
    const names = Array.from({ length: 12 }, (_, i) => `billing-${i}`);
    for (const name of names) {
      await createConsumer(link, 'events', { ...durable, durable_name: name, num_replicas: 1 });
    }
    const infos = await Promise.all(names.map((name) => link.consumerInfo('events', name)));
    const neighbour = infos.find((info) => info?.cluster?.leader === home)?.name ?? '';
    expect(await readStandstill(link, 'events', neighbour)).toBeUndefined();

    await cluster.nodes.find(({ name }) => name === home)?.stop();
    await eventually('nobody leads the stream', async () => {
      const found = await readStandstill(link, 'alone', 'billing').catch(() => undefined);
      return found?.kind === 'stream-without-leader';
    });
    await eventually('nobody leads the consumer', async () => {
      const found = await readStandstill(link, 'events', neighbour).catch(() => undefined);
      return found?.kind === 'consumer-without-leader';
    });
  });
});
