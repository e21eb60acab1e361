import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { listDeadLetters } from '../../src/lib/dlq/list.js';
import { readEvents } from '../../src/lib/events/read/read-events.js';
import { eventually } from '../support/eventually.js';
import { testBed, type TestBed } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';

const storedIn = async (bed: TestBed): Promise<number | undefined> =>
  (await bed.link.streamInfo('events'))?.state.messages;

test.each([
  ['on file outlive a kill of the server', 'file', 'kill9', 3],
  ['on file outlive a restart of the server, with the position of each consumer', 'file', 'restart', 3],
  ['in memory are gone after it', 'memory', 'restart', 0],
] as const)('events %s', async (_, storage, how, left) => {
  const noRetry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };
  const bed = await testBed({
    streams: { events: { storage } },
    consumers: [{ name: 'mailer', attempts: 1, retry: noRetry }],
  });
  const run = await bed.run({
    mailer: (event) => {
      if (event.seq === 2) throw new Error('no');
    },
  });
  for (let n = 0; n < 3; n++) await bed.publish('totp.requested', { n });
  await run.until(() => run.count('succeeded') === 2 && run.count('dead-letter') === 1);
  await bed.quiet();
  await run.stop();
  if (how === 'kill9') await bed.server.kill9();
  await bed.server.restart();
  await eventually('the test is connected again', () => bed.link.connected);
  await eventually('the dead letter is there', async () => (await bed.dead('mailer', 2)) !== undefined);

  // A clean stop takes a stream in memory along.
  expect((await storedIn(bed)) ?? 0).toBe(left);
  const info = await bed.link.consumerInfo('events', 'mailer');
  if (storage === 'file' && how === 'restart') {
    expect(info).toMatchObject({ num_pending: 0, num_ack_pending: 0, ack_floor: { stream_seq: 3 } });
  }
});

test.each([
  ['age', { maxAgeMs: 1000 }, 0],
  ['count', { maxMsgs: 2 }, 2],
  ['bytes', { maxBytes: 3000 }, 2],
])('a limit by %s removes the oldest events, and nothing else does', async (_, limit, left) => {
  const unlimited = await testBed({ streams: { events: { maxAgeMs: 0 } } });
  const bed = await testBed({ streams: { events: { maxAgeMs: 0, ...limit } } });
  for (const one of [unlimited, bed]) {
    for (let n = 0; n < 5; n++) await one.publish('totp.requested', { text: 'x'.repeat(1000) });
  }
  await expect.poll(() => storedIn(bed), { timeout: 10_000 }).toBe(left);
  expect((await bed.link.streamInfo('events'))?.state.last_seq).toBe(5);
  expect(await storedIn(unlimited)).toBe(5);
});

test('an event that the server removed before it was acknowledged is told as lost', async () => {
  const bed = await testBed({ consumers: [{ name: 'mailer', backoffMs: [600_000] }] });
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let running = false;
  const run = await bed.run({
    mailer: async () => {
      running = true;
      await held;
    },
  });
  const seq = await bed.publish('totp.requested');
  await run.until(() => running);
  // In somebody's hands: of one that was given back for later, the server says nothing.
  await bed.link.deleteMessage('events', seq);
  await run.until(() => run.count('event-lost') === 1);
  letGo();
  expect(run.events.find(({ type }) => type === 'event-lost')).toMatchObject({
    stream: 'events',
    consumer: 'mailer',
    seq,
    reason: 'Unacknowledged message was deleted',
  });
});

test('a stream that has stored billions of messages works as one that has stored three', async () => {
  const noRetry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };
  const bed = await testBed({ consumers: [{ name: 'mailer', attempts: 1, retry: noRetry }] });
  const connection = await connect({ servers: bed.server.url });
  const manager = await jetstreamManager(connection);
  await manager.streams.purge('events', { seq: 5_000_000_001 });
  await connection.close();
  const seqs = [];
  for (let n = 0; n < 3; n++) seqs.push(await bed.publish('totp.requested', { n }));
  expect(seqs).toEqual([5_000_000_001, 5_000_000_002, 5_000_000_003]);
  const run = await bed.run({
    mailer: ({ seq }) => {
      if (seq === 5_000_000_002) throw new Error('no');
    },
  });
  await run.until(() => run.count('succeeded') === 2 && run.count('dead-letter') === 1);
  const pipeline = pipelineOf(bed.link, bed.config);
  expect((await listDeadLetters(pipeline)).items).toMatchObject([{ id: 'mailer/5000000002' }]);
  const read = [];
  for await (const { seq } of readEvents(pipeline, { fromSeq: 5_000_000_002, follow: false })) read.push(seq);
  expect(read).toEqual([5_000_000_002, 5_000_000_003]);
});
