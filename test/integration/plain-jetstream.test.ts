import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { testBed } from '../support/pipeline.js';

test('what stands on the server is plain JetStream: any client lists, reads and publishes it', async () => {
  const bed = await testBed({
    consumers: [
      { name: 'mail', attempts: 1, retry: { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] } },
    ],
  });
  const handled: unknown[] = [];
  const run = await bed.run({
    mail: (event) => {
      handled.push([event.type, event.data, event.headers['Session-Id']]);
      if (event.seq === 2) throw new Error('no');
    },
  });

  const nc = await connect({ servers: bed.server.url });
  onTestFinished(() => nc.close());
  const [js, manager] = [jetstream(nc), await jetstreamManager(nc)];
  await js.publish('events.totp.requested', '{"n":1}');
  await js.publish('events.totp.requested', '{"n":2}', { msgID: 'two' });
  await run.until(() => run.count('dead-letter') === 1);
  await bed.quiet();
  expect(handled).toEqual([
    ['totp.requested', { n: 1 }, undefined],
    ['totp.requested', { n: 2 }, undefined],
  ]);

  const names = (await manager.streams.list().next()).map(({ config }) => config.name);
  expect(names.toSorted()).toEqual([
    'events',
    ...['advisories', 'dlq', 'kept', 'operations', 'retry'].map((role) => `events-${role}`),
  ]);
  expect((await manager.streams.info('events')).state).toMatchObject({ messages: 2, consumer_count: 1 });
  const consumer = await manager.consumers.info('events', 'mail');
  expect(consumer).toMatchObject({ num_pending: 0, num_ack_pending: 0, delivered: { stream_seq: 2 } });
  // Durable, pulled, and never removed while nobody reads.
  expect(consumer.config).toMatchObject({ durable_name: 'mail', ack_policy: 'explicit' });
  expect(consumer.config.deliver_subject).toBeUndefined();
  expect(consumer.config.inactive_threshold ?? 0).toBe(0);

  const pointer = await manager.streams.getMessage('events-dlq', { last_by_subj: 'events-dlq.mail.2' });
  expect(pointer?.header.get('Plutomi-Origin-Msg-Id')).toBe('two');
  expect(pointer?.json()).toMatchObject({ v: 1, consumer: 'mail', origin: { stream: 'events', seq: 2 } });
  const record = await manager.streams.getMessage('events-advisories', {
    last_by_subj: 'events-advisories.business.MAX_DELIVERIES.mail.2.main.0',
  });
  expect(record?.json()).toMatchObject({
    type: 'io.nats.jetstream.advisory.v1.max_deliver',
    stream: 'events',
    consumer: 'mail',
    stream_seq: 2,
  });
});
