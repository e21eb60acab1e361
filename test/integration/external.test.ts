import { expect, test } from 'vitest';
import { decodeRecord } from '../../src/lib/domain/record-decode.js';
import { updateStream } from '../../src/lib/nats/objects.js';
import { applyTopology } from '../support/config.js';
import { forge, startExternalWorker } from '../support/external.js';
import { eventually } from '../support/eventually.js';
import { type TestBed, testBed } from '../support/pipeline.js';

const handlers = { 'notifications-consumer': async () => {} };
const rust = { name: 'rust', subjects: ['events.job.>'] };

function externalBed(overrides: Parameters<typeof testBed>[0] = {}): Promise<TestBed> {
  return testBed({
    consumers: [{ name: 'notifications-consumer', subjects: ['events.totp.>'] }],
    external: [rust],
    ...overrides,
  });
}

function oneInFlight(bed: TestBed): Promise<void> {
  return eventually('it is in flight', async () => {
    const info = await bed.link.consumerInfo('events', 'rust');
    return info?.num_ack_pending === 1;
  });
}

async function dlqSize(bed: TestBed): Promise<number> {
  return (await bed.link.streamInfo('events-dlq'))?.state.messages ?? -1;
}

/** The meta-consumer is done with the journal up to here. */
async function routedUpTo(bed: TestBed, journalSeq: number): Promise<void> {
  await eventually('the meta-consumer has read the journal', async () => {
    const info = await bed.link.consumerInfo('events-advisories', 'meta-consumer');
    return (
      info !== undefined &&
      info.delivered.stream_seq >= journalSeq &&
      info.num_ack_pending + info.num_pending === 0
    );
  });
}

test('what the server gives up and what the worker terms become dead letters; what it acks does not', async () => {
  const bed = await externalBed();
  await bed.run(handlers);
  startExternalWorker(bed.server.url, 'rust');
  const acked = await bed.publish('job.a', { do: 'ack' });
  const given = await bed.publish('job.b', { do: 'nak' }, 'id-of-b');
  const termed = await bed.publish('job.c', { do: 'term', reason: 'bad \u001b[31mpayload' });
  const hung = await bed.publish('job.d', { do: 'hang' });
  const silent = await bed.publish('job.e', { do: 'term' });
  await eventually('four dead letters', async () => (await dlqSize(bed)) === 4, 20_000);

  expect(await bed.dead('rust', acked)).toBeUndefined();
  const dead = await bed.dead('rust', given);
  expect(dead?.pointer).toMatchObject({
    consumer: 'rust',
    stage: 'dlq',
    cycle: 0,
    origin: { stream: 'events', seq: given, subject: 'events.job.b', msgId: 'id-of-b' },
    advisory: {
      type: 'io.nats.jetstream.advisory.v1.max_deliver',
      stream: 'events',
      stream_seq: given,
      deliveries: 2,
    },
    failure: { kind: 'error', name: 'MaxDeliveries', message: 'the server gave up after 2 deliveries' },
    attempts: { main: 2, retry: 0 },
  });
  expect((await bed.dead('rust', termed))?.pointer).toMatchObject({
    advisory: { type: 'io.nats.jetstream.advisory.v1.terminated' },
    failure: { kind: 'rejected', name: 'Terminated', message: 'bad \\u001b[31mpayload' },
    attempts: { main: 1, retry: 0 },
  });
  expect((await bed.dead('rust', hung))?.pointer.attempts).toEqual({ main: 2, retry: 0 });
  expect((await bed.dead('rust', silent))?.pointer.failure.message).toBe('its worker gave no reason');
  expect(await bed.parked('rust', given)).toBeUndefined();

  const records = (await bed.journal()).filter(({ record }) => record.origin.seq === given);
  expect(records.map(({ record }) => record.kind)).toEqual(['MAX_DELIVERIES', 'ROUTED']);
});

test('however often and by whichever path it is told, it is one exhaustion and one dead letter', async () => {
  const bed = await externalBed();
  const run = await bed.run(handlers);
  await bed.run(handlers);
  const stopWorker = startExternalWorker(bed.server.url, 'rust');
  const seq = await bed.publish('job.a', { do: 'nak' });
  await eventually('a dead letter', async () => (await dlqSize(bed)) === 1);
  stopWorker();
  const before = await bed.dead('rust', seq);
  let last = 0;
  for (let n = 0; n < 20; n++) {
    last = await forge(bed.link, { seq, ...(n % 2 === 0 ? {} : { kind: 'MSG_TERMINATED' }) });
  }
  await routedUpTo(bed, last);
  expect((await bed.dead('rust', seq))?.message.seq).toBe(before?.message.seq);
  const records = await bed.journal();
  expect(records.map(({ record }) => record.kind)).toEqual(['MAX_DELIVERIES', 'ROUTED']);

  // Also after the dead letter is gone: what was routed once is not routed again.
  await bed.link.deleteMessage('events-dlq', before?.message.seq ?? 0);
  await routedUpTo(bed, await forge(bed.link, { seq }));
  expect(await dlqSize(bed)).toBe(0);
  expect(run.count('attempt-failed')).toBe(0);
});

test('advisories of others, and those that can not be true, create nothing and hold nothing up', async () => {
  const bed = await externalBed();
  const run = await bed.run(handlers);
  startExternalWorker(bed.server.url, 'rust');
  const managed = await bed.publish('totp.requested');
  const mine = await bed.publish('job.a', { do: 'ack' });
  const late = await bed.publish('job.b', { do: 'ack' });
  await eventually('rust has both', async () => {
    const info = await bed.link.consumerInfo('events', 'rust');
    return info?.delivered.stream_seq === late && info.num_ack_pending === 0;
  });
  const native = '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES';

  await forge(bed.link, { consumer: 'somebody-elses', seq: mine });
  await forge(bed.link, { stream: 'events-retry', seq: mine });
  const forged = [
    await forge(bed.link, { seq: late + 1 }),
    await forge(bed.link, { seq: 900_000 }),
    await forge(bed.link, { seq: 0 }),
    await forge(bed.link, { seq: managed }),
    await forge(bed.link, { seq: late, timestamp: '2020-01-01T00:00:00Z' }),
    await forge(bed.link, { seq: late, timestamp: 'yesterday, about noon (1)' }),
    await forge(bed.link, { seq: mine, consumer: 'rust' }, `${native}.events.somebody-elses`),
    await forge(bed.link, { seq: mine, stream: 'orders' }, `${native}.events.rust`),
    await forge(bed.link, { seq: mine, kind: 'MSG_TERMINATED' }, `${native}.events.rust`),
  ];
  const { seq: malformed } = await bed.link.publish(`${native}.events.rust`, '{"type":"io.nats');
  const { seq: foreign } = await bed.link.publish(`${native}.events.rust`, '{"type":"?"}');

  const failing = await bed.publish('job.c', { do: 'term', reason: 'no such job' });
  await eventually('the true one is dead', async () => (await dlqSize(bed)) === 1);
  await routedUpTo(bed, Math.max(...forged, malformed, foreign));
  expect((await bed.dead('rust', failing))?.pointer.failure.message).toBe('no such job');
  const records = await bed.journal();
  expect(records.map(({ record }) => `${record.tier} ${record.kind} ${record.origin.seq}`)).toEqual([
    `business MSG_TERMINATED ${failing}`,
    `business ROUTED ${failing}`,
  ]);
  expect(run.count('ignored-advisory')).toBe(2);
  expect(run.count('refused-advisory')).toBe(forged.length + 2);
  expect(run.count('event-lost')).toBe(0);
});

test('an advisory is about the event that was there, not about one that came later to its place', async () => {
  const bed = await externalBed();
  const old = await bed.publish('job.a');
  expect(old).toBe(1);
  const timestamp = new Date().toISOString();
  await bed.link.jsm.streams.purge('events');
  await bed.link.jsm.streams.delete('events');
  await eventually('a second and a half later', () => Date.now() - Date.parse(timestamp) > 1500);
  await applyTopology(bed.link, bed.config);
  const run = await bed.run(handlers);
  startExternalWorker(bed.server.url, 'rust');
  expect(await bed.publish('job.b', { do: 'ack' })).toBe(1);
  await eventually(
    'it is delivered',
    async () => (await bed.link.consumerInfo('events', 'rust'))?.delivered.stream_seq === 1,
  );
  await forge(bed.link, { seq: 1, timestamp });
  await run.until(() => run.count('refused-advisory') === 1, 'it is refused');
  expect(run.events.find(({ type }) => type === 'refused-advisory')).toMatchObject({
    because: 'event 1 is younger than the advisory about it',
  });
  expect(await dlqSize(bed)).toBe(0);
});

test('without the journal stream on the server’s subjects, what is heard is enough', async () => {
  const bed = await externalBed();
  await updateStream(bed.link, 'events-advisories', { subjects: ['events-advisories.>'] });
  await bed.run(handlers);
  await bed.run(handlers);
  startExternalWorker(bed.server.url, 'rust');
  const seqs = [];
  for (let n = 0; n < 20; n++) seqs.push(await bed.publish('job.a', { do: n % 2 === 0 ? 'nak' : 'term' }));
  await eventually('all are dead', async () => (await dlqSize(bed)) === seqs.length, 20_000);
  const records = await bed.journal('MAX_DELIVERIES', 'MSG_TERMINATED');
  expect(records.length).toBe(seqs.length);
});

test('what is heard while the journal takes nothing is copied when it takes again', async () => {
  const bed = await externalBed();
  const run = await bed.run(handlers);
  startExternalWorker(bed.server.url, 'rust');
  const first = await bed.publish('job.a', { do: 'term' });
  await eventually('the first is dead', async () => (await dlqSize(bed)) === 1);
  const { subjects, ...rest } = (await bed.link.streamInfo('events-advisories'))?.config ?? {};
  const messages = (await bed.link.streamInfo('events-advisories'))?.state.messages ?? 0;
  await updateStream(bed.link, 'events-advisories', {
    ...rest,
    subjects: ['events-advisories.>'],
    max_msgs: messages,
    discard: 'new',
  });
  const second = await bed.publish('job.b', { do: 'term' });
  await eventually('the worker has termed it', async () => {
    const info = await bed.link.consumerInfo('events', 'rust');
    return info?.delivered.stream_seq === second && info.num_ack_pending === 0;
  });
  expect(await bed.dead('rust', second)).toBeUndefined();
  await updateStream(bed.link, 'events-advisories', {
    ...rest,
    ...(subjects === undefined ? {} : { subjects }),
    max_msgs: -1,
    discard: 'old',
  });
  await eventually('the second is dead', async () => (await bed.dead('rust', second)) !== undefined, 20_000);
  expect(first).toBeLessThan(second);
  expect(run.count('event-lost')).toBe(0);
});

test('an event that the server removes before it is acknowledged raises the alarm, once, and makes no dead letter', async () => {
  const bed = await externalBed({ external: [{ ...rust, ackWaitMs: 60_000 }] });
  const run = await bed.run(handlers);
  startExternalWorker(bed.server.url, 'rust');
  const seq = await bed.publish('job.a', { do: 'hang' });
  await oneInFlight(bed);
  await bed.link.deleteMessage('events', seq);
  await run.until(() => run.count('event-lost') > 0, 'the alarm');
  const after = await bed.publish('job.b', { do: 'term' });
  await eventually('the next one is dead', async () => (await bed.dead('rust', after)) !== undefined);
  expect(run.events.filter(({ type }) => type === 'event-lost')).toEqual([
    {
      type: 'event-lost',
      stream: 'events',
      consumer: 'rust',
      seq,
      reason: 'Unacknowledged message was deleted',
    },
  ]);
  expect(await dlqSize(bed)).toBe(1);
});

test('an event that a limit evicts before it is acknowledged raises the alarm', async () => {
  const bed = await externalBed({
    external: [{ ...rust, ackWaitMs: 60_000 }],
    streams: { events: { maxMsgs: 2 } },
  });
  const run = await bed.run(handlers);
  startExternalWorker(bed.server.url, 'rust');
  const seq = await bed.publish('job.a', { do: 'hang' });
  await oneInFlight(bed);
  for (let n = 0; n < 2; n++) await bed.publish('totp.requested');
  await run.until(() => run.count('event-lost') > 0, 'the alarm');
  expect(run.events.find(({ type }) => type === 'event-lost')).toMatchObject({ consumer: 'rust', seq });
  expect(await dlqSize(bed)).toBe(0);
});

test('an event that is gone before anybody could record that it was given up is lost, and said so', async () => {
  const bed = await externalBed();
  const stopWorker = startExternalWorker(bed.server.url, 'rust');
  const seq = await bed.publish('job.a', { do: 'term' });
  await eventually(
    'the advisory is stored',
    async () => ((await bed.link.streamInfo('events-advisories'))?.state.messages ?? 0) > 0,
  );
  stopWorker();
  await bed.link.deleteMessage('events', seq);
  const run = await bed.run(handlers);
  await run.until(() => run.count('event-lost') > 0, 'the alarm');
  expect(run.events.find(({ type }) => type === 'event-lost')).toMatchObject({
    reason: 'given up after 1 deliveries, and gone from its stream before that was recorded',
  });
  expect(await dlqSize(bed)).toBe(0);
});

test('the records of an external consumer are records like every other', async () => {
  const bed = await externalBed();
  await bed.run(handlers);
  startExternalWorker(bed.server.url, 'rust');
  const seq = await bed.publish('job.a', { do: 'nak' });
  await eventually('it is dead', async () => (await bed.dead('rust', seq)) !== undefined);
  const message = await bed.link.readLast(
    'events-advisories',
    `events-advisories.business.MAX_DELIVERIES.rust.${seq}.main.0`,
  );
  const decoded = message && decodeRecord(message.data);
  expect(decoded?.ok && decoded.value).toMatchObject({
    consumer: 'rust',
    tier: 'business',
    stream: 'events',
    stream_seq: seq,
    deliveries: 2,
    id: expect.stringMatching(/^[A-Za-z0-9]{20,}$/),
  });
});
