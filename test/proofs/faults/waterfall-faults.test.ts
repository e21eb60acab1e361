import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { failedAttempts, testBed } from '../../support/pipeline.js';
import { eventually } from '../../support/eventually.js';
import { deleteStream, deleteConsumer } from '../../../src/lib/nats/objects.js';
import { applyTopology } from '../../support/config.js';

const consumer = 'notifications-consumer';
const noRetry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };

test('a slow but successful handler makes no dead letter, and no attempt twice', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, concurrency: 1, ackWaitMs: 1000 }] });
  const seen: number[] = [];
  const run = await bed.run({
    [consumer]: async (event) => {
      await sleep(300);
      seen.push(event.seq);
    },
  });
  for (let n = 0; n < 20; n++) await bed.publish('totp.requested');
  await run.until(() => run.count('succeeded') === 20);
  await bed.quiet();
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(await bed.journal()).toEqual([]);
});

test('messages that wait behind long handlers keep their lease', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, concurrency: 2, ackWaitMs: 500 }] });
  let runs = 0;
  const run = await bed.run({
    [consumer]: async () => {
      runs++;
      await sleep(1500);
    },
  });
  for (let n = 0; n < 6; n++) await bed.publish('totp.requested');
  await run.until(() => run.count('succeeded') === 6);
  expect(runs).toBe(6);
  expect(await bed.journal()).toEqual([]);
});

test('a success after the lease lapsed is journaled as late; the redelivery runs nothing', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, ackWaitMs: 300 }] });
  let runs = 0;
  const run = await bed.run({
    [consumer]: () => {
      runs++;
      // Blocks the event loop: no sign of life is sent meanwhile.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900);
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('succeeded') === 1);
  await bed.quiet();
  expect(runs).toBe(1);
  expect((await bed.journal('RESOLVED')).map(({ record }) => record.late)).toEqual([true]);
});

test('a late success in main ends the retry of the same event', async () => {
  const bed = await testBed({
    consumers: [
      { name: consumer, attempts: 1, retry: { enabled: true, delayMs: 700, attempts: 3, backoffMs: [20] } },
    ],
  });
  let retried = 0;
  const run = await bed.run({
    [consumer]: (_event, { stage }) => {
      if (stage === 'retry') retried++;
      else throw new Error('no');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('routed') === 1);
  const [exhaustion] = await bed.journal('MAX_DELIVERIES');
  if (!exhaustion) throw new Error('no exhaustion');
  const { record } = exhaustion;
  const late = {
    v: 1,
    kind: 'RESOLVED',
    at: record.at,
    tier: 'business',
    consumer,
    stage: 'main',
    cycle: 0,
    origin: record.origin,
    late: true,
  };
  await bed.link.publish(`events-advisories.business.RESOLVED.${consumer}.1.main.0`, JSON.stringify(late));
  await run.until(() => run.count('done-already') === 1);
  await bed.quiet();
  expect(retried).toBe(0);
  expect((await bed.link.streamInfo('events-retry'))?.state.messages).toBe(0);
});

test('shutting down with prefetched messages costs no attempts', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, concurrency: 2, attempts: 1, retry: noRetry }] });
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  let started = 0;
  const first = await bed.run({ [consumer]: () => (started++, gate) });
  for (let n = 0; n < 10; n++) await bed.publish('totp.requested');
  await first.until(() => started === 2);
  const stopping = first.stop();
  release();
  await stopping;
  expect(started).toBe(2);
  const second = await bed.run({ [consumer]: () => {} });
  await second.until(() => second.count('succeeded') === 8);
  await bed.quiet();
  expect(second.count('exhausted')).toBe(0);
  expect(failedAttempts(await bed.journal())).toEqual([]);
});

test('two processes share the load', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, concurrency: 4 }] });
  const handler = () => sleep(20);
  const a = await bed.run({ [consumer]: handler });
  const b = await bed.run({ [consumer]: handler });
  await Promise.all(Array.from({ length: 100 }, () => bed.publish('totp.requested')));
  await a.until(() => a.count('succeeded') + b.count('succeeded') === 100);
  expect(a.count('succeeded')).toBeGreaterThan(20);
  expect(b.count('succeeded')).toBeGreaterThan(20);
});

test('outlives a restart of the server', async () => {
  const bed = await testBed();
  const run = await bed.run({ [consumer]: () => {} });
  await bed.publish('totp.requested');
  await run.until(() => run.count('succeeded') === 1);
  await bed.server.kill9();
  await bed.server.restart();
  await eventually('the test is connected again', () => bed.link.connected);
  await bed.publish('totp.requested');
  await run.until(() => run.count('succeeded') === 2);
});

test('a record that cannot be stored: neither ack nor nak, told once, and it resumes by itself', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry: noRetry }] });
  const { advisories } = bed.config.streams;
  const { jsm } = bed.link;
  await jsm.streams.update(advisories.name, { max_msgs: 1, discard: 'new' });
  await bed.link.publish('events-advisories.business.DISCARDED.x.1.dlq.0', '{}');
  let runs = 0;
  const run = await bed.run({
    [consumer]: () => {
      runs++;
      throw new Error('always');
    },
  });
  for (let n = 0; n < 3; n++) await bed.publish('totp.requested');
  await run.until(() => run.count('holding') === 1 && runs === 3);
  const info = await bed.link.consumerInfo('events', consumer);
  expect(info?.num_ack_pending).toBe(3);
  await jsm.streams.update(advisories.name, { max_msgs: -1 });
  await run.until(() => run.count('dead-letter') === 3);
  expect(run.count('holding')).toBe(1);
  expect(run.count('holding-ended')).toBe(1);
  expect(runs).toBe(3);
});

test('an exhaustion that is told twice makes one pointer', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry: noRetry }] });
  const run = await bed.run({
    [consumer]: () => {
      throw new Error('always');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  const [{ record } = { record: undefined }] = await bed.journal('MAX_DELIVERIES');
  // Without a message id: as if the dedup window had passed.
  await bed.link.publish(
    `events-advisories.business.MAX_DELIVERIES.${consumer}.1.main.0`,
    JSON.stringify(record),
  );
  await run.until(() => run.count('not-routed') === 1);
  expect((await bed.link.streamInfo('events-dlq'))?.state.last_seq).toBe(1);
});

test('a native advisory of a consumer that is not ours creates nothing', async () => {
  const bed = await testBed();
  const run = await bed.run({ [consumer]: () => {} });
  const advisory = {
    type: 'io.nats.jetstream.advisory.v1.max_deliver',
    id: 'x',
    timestamp: new Date().toISOString(),
    stream: 'events',
    consumer: 'somebody-elses',
    stream_seq: 1,
    deliveries: 3,
  };
  await bed.link.publish(
    '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.somebody-elses',
    JSON.stringify(advisory),
  );
  await run.until(() => run.events.some((event) => event.type === 'ignored-advisory'));
  expect((await bed.link.streamInfo('events-retry'))?.state.messages).toBe(0);
  expect((await bed.link.streamInfo('events-dlq'))?.state.messages).toBe(0);
});

test('the original is gone: the handler is not called, the dead letter says so', async () => {
  const bed = await testBed({
    consumers: [
      { name: consumer, attempts: 1, retry: { enabled: true, delayMs: 1000, attempts: 2, backoffMs: [] } },
    ],
  });
  let retried = 0;
  const run = await bed.run({
    [consumer]: (_event, { stage }) => {
      if (stage === 'retry') retried++;
      throw new Error('always');
    },
  });
  const seq = await bed.publish('totp.requested');
  await run.until(() => run.count('routed') === 1);
  await bed.link.deleteMessage('events', seq);
  await run.until(() => run.count('dead-letter') === 1);
  expect(retried).toBe(0);
  expect((await bed.dead(consumer, seq))?.pointer.failure.kind).toBe('missing');
});

test('the events stream is recreated: no wrong event, and the new event of the same number has its own life', async () => {
  const bed = await testBed({
    consumers: [
      { name: consumer, attempts: 1, retry: { enabled: true, delayMs: 1500, attempts: 1, backoffMs: [] } },
    ],
  });
  const handled: string[] = [];
  const run = await bed.run({
    [consumer]: (event, { stage }) => {
      handled.push(`${stage} ${JSON.stringify(event.data)}`);
      throw new Error('always');
    },
  });
  await bed.publish('totp.requested', 'old');
  await run.until(() => run.count('routed') === 1);
  await run.stop();
  await deleteStream(bed.link, 'events');
  await applyTopology(bed.link, bed.config);
  await bed.publish('totp.requested', 'new');
  const again = await bed.run({
    [consumer]: (event, { stage }) => {
      handled.push(`${stage} ${JSON.stringify(event.data)}`);
      throw new Error('always');
    },
  });
  await again.until(() => again.count('dead-letter') >= 1 && handled.includes('retry "new"'));
  await bed.quiet();
  expect(handled).toEqual(['main "old"', 'main "new"', 'retry "new"']);
  const { time } = (await bed.link.readFromLeader('events', 1)) ?? { time: '' };
  expect((await bed.dead(consumer, 1))?.pointer.origin.time).toBe(time);
});

test('a consumer deleted while the pipeline runs ends it with a clear error', async () => {
  const bed = await testBed();
  const run = await bed.run({ [consumer]: () => {} });
  await bed.publish('totp.requested');
  await run.until(() => run.count('succeeded') === 1);
  await deleteConsumer(bed.link, 'events', consumer);
  await expect(run.pipeline.ended).rejects.toMatchObject({
    code: 'CONSUMER_GONE',
    message: expect.stringContaining(consumer),
  });
});

test('a server that refuses the user from now on ends it with a clear error', async () => {
  const users = (known: string) =>
    `accounts { A { jetstream: enabled, users: [{ user: run, password: run }] } }\n${known}`;
  const bed = await testBed({}, { config: users('no_auth_user: run') });
  const run = await bed.run({ [consumer]: async () => {} });
  const ended = expect(run.pipeline.ended).rejects.toMatchObject({ code: 'NOT_ALLOWED', exitCode: 4 });
  await writeFile(join(dirname(bed.server.storeDir), 'nats.conf'), users(''));
  await bed.server.restart();
  await ended;
});

test('acks are confirmed where the consumer asks for it', async () => {
  for (const confirmAcks of [true, false]) {
    const bed = await testBed({ consumers: [{ name: consumer, confirmAcks }] });
    const acks: boolean[] = [];
    const sub = bed.link.nc.subscribe('$JS.ACK.events.notifications-consumer.>', {
      callback: (_error, message) => {
        if (message.string() === '+ACK') acks.push(message.reply !== undefined && message.reply !== '');
      },
    });
    const run = await bed.run({ [consumer]: () => {} });
    await bed.publish('totp.requested');
    await run.until(() => acks.length === 1);
    expect(acks).toEqual([confirmAcks]);
    sub.unsubscribe();
  }
});

test('ordered: a failing event holds back the next one until it is done or dead', async () => {
  const bed = await testBed({
    consumers: [{ name: consumer, ordered: true, concurrency: 1, attempts: 3, backoffMs: [100] }],
  });
  const order: string[] = [];
  const run = await bed.run({
    [consumer]: (event, { attempt }) => {
      order.push(`${event.seq}.${attempt}`);
      if (event.seq === 1 && attempt < 3) throw new Error('again');
    },
  });
  await bed.publish('totp.requested');
  await bed.publish('totp.requested');
  await run.until(() => run.count('succeeded') === 2);
  expect(order).toEqual(['1.1', '1.2', '1.3', '2.1']);
});

test('what meta-consumer cannot route goes through the super-metas to a dead letter of its own', async () => {
  const bed = await testBed({
    consumers: [{ name: consumer, attempts: 1, retry: noRetry }],
    meta: { attempts: 2 },
  });
  await bed.link.jsm.streams.update('events-dlq', { max_msgs: 1 });
  const run = await bed.run({
    [consumer]: () => {
      throw new Error('always');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  await bed.publish('totp.requested');
  const meta = (name: string): number =>
    run.events.filter((event) => event.type === 'exhausted' && event.key.consumer === name).length;
  await run.until(() => meta('meta-consumer') === 1 && meta('meta-consumer-retry') === 1);
  await bed.link.jsm.streams.update('events-dlq', { max_msgs: -1 });
  await run.until(() =>
    run.events.some((event) => event.type === 'dead-letter' && event.consumer === 'meta-consumer'),
  );
  const [second] = (await bed.journal('MAX_DELIVERIES')).filter(
    ({ record }) => record.origin.seq === 2 && record.tier === 'business',
  );
  const dead = await bed.dead('meta-consumer', second?.journalSeq ?? 0);
  expect(dead?.pointer.embedded).toMatchObject({ record: { consumer, origin: { seq: 2 } } });
});

test('meta-consumer-retry routes what meta-consumer could not', async () => {
  const meta = { attempts: 2, backoffMs: [400] };
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry: noRetry }], meta });
  await bed.link.jsm.streams.update('events-dlq', { max_msgs: 1 });
  const run = await bed.run({
    [consumer]: () => {
      throw new Error('always');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  await bed.publish('totp.requested');
  await run.until(() =>
    run.events.some(
      (event) => event.type === 'attempt-failed' && event.key.consumer === 'meta-consumer-retry',
    ),
  );
  await bed.link.jsm.streams.update('events-dlq', { max_msgs: -1 });
  await run.until(() => run.count('dead-letter') === 2);
  await bed.quiet();
  expect(await bed.dead(consumer, 2)).toBeDefined();
  expect((await bed.journal('RESOLVED')).map(({ record }) => record.consumer)).toEqual([
    'meta-consumer-retry',
  ]);
});

test('a forged record on the journal ends as a dead letter of the meta tier and blocks nothing', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry: noRetry }] });
  const run = await bed.run({
    [consumer]: () => {
      throw new Error('always');
    },
  });
  const { seq } = await bed.link.publish(
    `events-advisories.business.MAX_DELIVERIES.${consumer}.7.main.0`,
    'not json',
  );
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 2);
  expect((await bed.dead('meta-consumer', seq))?.pointer.failure.kind).toBe('malformed');
  expect(await bed.dead(consumer, 1)).toBeDefined();
});

test('a malformed pointer is not lost: the meta tier keeps it', async () => {
  const bed = await testBed();
  const run = await bed.run({ [consumer]: () => {} });
  await bed.link.publish(`events-retry.${consumer}.9`, '{"v":1}');
  await run.until(() => run.count('dead-letter') === 1);
  await bed.quiet();
  const letter = run.events.find((event) => event.type === 'dead-letter');
  expect(letter).toMatchObject({ consumer: 'meta-consumer' });
  expect((await bed.link.streamInfo('events-retry'))?.state.messages).toBe(0);
});
