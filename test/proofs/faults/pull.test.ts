import { describe, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../../src/lib/nats/connect/connect.js';
import { type Delivery, tell } from '../../../src/lib/nats/consume/delivery.js';
import type { Link } from '../../../src/lib/nats/link.js';
import { createConsumer, createStream, deleteConsumer } from '../../../src/lib/nats/objects.js';
import { Pull, type PullOptions } from '../../../src/lib/nats/consume/pull.js';
import { connectTo, natsForTest } from '../../support/pipeline.js';
import { eventually } from '../../support/eventually.js';
import { startCluster, startNats } from '../../support/nats-server.js';
import { connectTo as connectToAll } from '../../support/connect.js';

const stream = 'events';
const consumer = 'notifications-consumer';
const durable = {
  durable_name: consumer,
  ack_policy: 'explicit',
  ack_wait: 30_000_000_000,
  max_ack_pending: -1,
} as const;

async function eventStream(link: Link, replicas = 1): Promise<void> {
  await createStream(link, { name: stream, subjects: ['events.>'], num_replicas: replicas });
  await createConsumer(link, stream, durable);
}

async function publish(link: Link, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, i) => link.publish('events.a', String(i))));
}

/** A pull whose messages the test takes; stopped when the test ends. */
class Taker {
  readonly held: Delivery[] = [];
  readonly seqs: number[] = [];
  readonly gone: string[] = [];
  most = 0;
  readonly pull: Pull;

  constructor(
    readonly link: Link,
    options: Partial<PullOptions> = {},
    private readonly onTaken: (taker: Taker, delivery: Delivery) => void = () => {},
  ) {
    this.pull = new Pull(
      link,
      { stream, consumer, capacity: 10, ...options },
      { onMessage: (delivery) => this.take(delivery), onGone: (why) => this.gone.push(why) },
    );
    onTestFinished(() => this.pull.stop());
  }

  private take(delivery: Delivery): void {
    this.held.push(delivery);
    this.seqs.push(delivery.seq);
    this.most = Math.max(this.most, this.held.length);
    this.onTaken(this, delivery);
  }

  /** Acks the oldest that are held, and asks for as many. */
  done(count = 1): void {
    for (const delivery of this.held.splice(0, count)) {
      tell(this.link, delivery, '+ACK');
      this.pull.release();
    }
  }

  async until(count: number, deadlineMs = 10_000): Promise<void> {
    await eventually(`${count} messages have arrived`, () => this.seqs.length >= count, deadlineMs);
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

/** Several connections to one server, whose stream and consumer are there. */
async function setUp() {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  const publisher = await connectTo(server.url);
  await eventStream(link);
  return { server, link, publisher };
}

/** Does nothing else for so long: no message is read, no timer runs. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('never more than the capacity is held', () => {
  test('while messages are released one by one', async () => {
    const { link, publisher } = await setUp();
    await publish(publisher, 500);
    const taker = new Taker(link, { capacity: 10 }, (taker) => setImmediate(() => taker.done()));
    await taker.until(500);
    expect(taker.most).toBeLessThanOrEqual(10);
    expect(taker.seqs).toEqual(range(500));
  });

  test('while nothing is released, however long the requests last', async () => {
    const { link, publisher } = await setUp();
    await publish(publisher, 20);
    const taker = new Taker(link, { capacity: 7, expiresMs: 1000, heartbeatMs: 400 });
    await taker.until(7);
    await eventually(
      'no request is out',
      async () => (await publisher.consumerInfo(stream, consumer))?.num_waiting === 0,
    );
    expect(taker.seqs).toEqual(range(7));
    taker.done(7);
    await taker.until(14);
    expect(taker.most).toBe(7);
  });

  test('when requests expire and are sent again', async () => {
    const { link, publisher } = await setUp();
    const expired: string[] = [];
    link.nc.subscribe('_INBOX.>', {
      callback: (_error, message) => {
        if (message.headers?.code === 408) expired.push(message.subject);
      },
    });
    const taker = new Taker(link, { capacity: 5, expiresMs: 300, heartbeatMs: 100 });
    await eventually('three requests have expired', () => expired.length >= 3);
    await publish(publisher, 20);
    await taker.until(5);
    await link.flush();
    expect(taker.most).toBe(5);
    expect(taker.gone).toEqual([]);
  });

  test('after the event loop was blocked: what waits to be read is not asked for again', async () => {
    const { link, publisher } = await setUp();
    const taker = new Taker(link, { capacity: 5, heartbeatMs: 200 });
    await link.flush();
    for (let n = 0; n < 50; n++) publisher.nc.publish('events.a', String(n));
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    block(1500);
    await taker.until(5);
    await eventually(
      'no request is out',
      async () => (await publisher.consumerInfo(stream, consumer))?.num_waiting === 0,
    );
    expect(taker.seqs).toEqual(range(5));
    expect(taker.gone).toEqual([]);
  });

  test('after reconnects: requests of the connection before are not filled beside the new ones', async () => {
    const { link, publisher } = await setUp();
    const taker = new Taker(link, { capacity: 5 });
    for (let n = 0; n < 5; n++) {
      await link.flush();
      const reconnected = new Promise((resolve) => {
        const unwatch = link.watch((state) => {
          if (state !== 'reconnected') return;
          unwatch();
          resolve(state);
        });
      });
      await link.nc.reconnect();
      await reconnected;
    }
    await link.flush();
    await publish(publisher, 50);
    await taker.until(5);
    await eventually(
      'no request is out',
      async () => (await publisher.consumerInfo(stream, consumer))?.num_waiting === 0,
    );
    await link.flush();
    expect(taker.seqs).toEqual(range(5));
  });

  test('by two takers that share a consumer, and each message reaches one of them', async () => {
    const { link, publisher } = await setUp();
    const one = new Taker(link, { capacity: 4 }, (taker) => setImmediate(() => taker.done()));
    const two = new Taker(publisher, { capacity: 4 }, (taker) => setImmediate(() => taker.done()));
    await publish(publisher, 300);
    await eventually('all have arrived', () => one.seqs.length + two.seqs.length >= 300);
    expect(one.most).toBeLessThanOrEqual(4);
    expect(two.most).toBeLessThanOrEqual(4);
    expect([...one.seqs, ...two.seqs].toSorted((a, b) => a - b)).toEqual(range(300));
    expect(Math.min(one.seqs.length, two.seqs.length)).toBeGreaterThan(0);
  });
});

test('paused, it asks for nothing more; resumed, it goes on', async () => {
  const { link, publisher } = await setUp();
  const taker = new Taker(link, { capacity: 3 });
  await publish(publisher, 3);
  await taker.until(3);
  taker.pull.pause();
  taker.done(3);
  await publish(publisher, 3);
  await link.flush();
  // A consumer counts what is stored a moment after its publisher knows.
  const info = async () => publisher.consumerInfo(stream, consumer);
  await eventually('three wait at the server', async () => (await info())?.num_pending === 3);
  expect(await info()).toMatchObject({ num_pending: 3, num_waiting: 0 });
  expect(taker.seqs).toEqual(range(3));
  taker.pull.resume();
  await taker.until(6);
});

describe('stop', () => {
  test('hands over all that is on the way, and nothing after it', async () => {
    const { link, publisher } = await setUp();
    await publish(publisher, 1000);
    let stopped: Promise<void> | undefined;
    const taker = new Taker(link, { capacity: 100 }, ({ pull }) => {
      stopped ??= pull.stop();
    });
    await taker.until(1);
    await stopped;
    const arrived = taker.seqs.length;
    const info = await publisher.consumerInfo(stream, consumer);
    expect(info?.num_ack_pending).toBe(arrived);
    taker.done(arrived);
    await link.flush();
    expect(await publisher.consumerInfo(stream, consumer)).toMatchObject({
      num_waiting: 0,
      num_ack_pending: 0,
    });
    expect(taker.seqs.length).toBe(arrived);
  });

  test('twice, or over a connection that is down, ends too', async () => {
    const { server, link } = await setUp();
    const taker = new Taker(link);
    const other = new Taker(link);
    await Promise.all([taker.pull.stop(), taker.pull.stop()]);
    await server.kill9();
    await eventually('the connection is down', () => !link.connected);
    await other.pull.stop();
  });
});

describe('a consumer that is not there', () => {
  test('is told when it is deleted, again while it is gone, and read when it is back', async () => {
    const { link, publisher } = await setUp();
    const taker = new Taker(link);
    await publish(publisher, 1);
    await taker.until(1);
    taker.done();
    await deleteConsumer(publisher, stream, consumer);
    await eventually('the deletion is told', () => taker.gone.includes('Consumer Deleted'));
    await eventually('its absence is told', () => taker.gone.includes('nothing answers for it'));
    await createConsumer(publisher, stream, durable);
    await taker.until(2);
    expect(taker.seqs).toEqual([1, 1]);
  });

  test('is told when it never was', async () => {
    const { link } = await setUp();
    const taker = new Taker(link, { consumer: 'nobody' });
    await eventually('its absence is told', () => taker.gone.includes('nothing answers for it'));
  });

  test('is told when the user may not pull from it', async () => {
    const deny = '"$JS.API.CONSUMER.MSG.NEXT.>"';
    const server = await startNats({
      config: `authorization { users = [{ user: worker, password: w, permissions: { publish: { deny: [${deny}] } } }] }`,
    });
    onTestFinished(() => server.stop());
    const auth = { user: 'worker', password: 'w' };
    const link = await connect({
      servers: [server.url],
      source: 'test',
      name: 'test',
      timeoutMs: 3000,
      auth,
    });
    onTestFinished(() => link.close());
    await eventStream(link);
    const taker = new Taker(link, { heartbeatMs: 200 });
    await eventually('it is told', () => taker.gone.some((why) => why.includes('may not read')));
  });
});

describe('it resumes within seconds', () => {
  test('after a kill -9 and a restart of the server', async () => {
    const { server, link, publisher } = await setUp();
    const taker = new Taker(link, { capacity: 4 });
    await publish(publisher, 2);
    await taker.until(2);
    taker.done(2);
    await link.flush();
    await server.kill9();
    await server.restart();
    await eventually('the publisher is connected again', () => publisher.connected);
    await publish(publisher, 4);
    await taker.until(6);
    expect(taker.most).toBeLessThanOrEqual(4);
  });

  test('after its consumer has another leader, also when the old one was killed', async () => {
    const cluster = await startCluster(3);
    onTestFinished(() => cluster.stop());
    const link = await connectToAll(cluster.urls[0] ?? '');
    const publisher = await connectToAll(cluster.urls[0] ?? '');
    onTestFinished(async () => {
      await Promise.all([link.close(), publisher.close()]);
    });
    await eventStream(publisher, 3);
    const leader = async (): Promise<string | undefined> =>
      (await publisher.consumerInfo(stream, consumer).catch(() => undefined))?.cluster?.leader;
    const taker = new Taker(link, { capacity: 10 }, (taker) => taker.done());
    await publish(publisher, 10);
    await taker.until(10);

    for (let move = 1; move <= 3; move++) {
      const before = await leader();
      await publisher.nc.request(`$JS.API.CONSUMER.LEADER.STEPDOWN.${stream}.${consumer}`, '', {
        timeout: 5000,
      });
      await eventually('another leader', async () => ![before, undefined, ''].includes(await leader()));
      await publish(publisher, 10);
      await taker.until(10 + move * 10);
    }

    // Not the node that the connections are on.
    while ((await leader()) === 'n1') {
      await publisher.nc.request(`$JS.API.CONSUMER.LEADER.STEPDOWN.${stream}.${consumer}`, '', {
        timeout: 5000,
      });
      await eventually('another leader', async () => ![undefined, ''].includes(await leader()));
    }
    const killed = await leader();
    await cluster.nodes.find((node) => node.name === killed)?.kill9();
    await eventually('another leader', async () => ![killed, undefined, ''].includes(await leader()), 20_000);
    await eventually('the stream takes messages again', () =>
      publish(publisher, 1).then(
        () => true,
        () => false,
      ),
    );
    await taker.until(41, 20_000);
    expect(new Set(taker.seqs).size).toBeGreaterThanOrEqual(41);
    expect(taker.most).toBeLessThanOrEqual(10);
  }, 90_000);
});

test('a server that limits a request is asked for as many as it allows, and nobody is told', async () => {
  const nats = await natsForTest({ config: 'jetstream { limits { max_request_batch: 3 } }' });
  const link = await connectTo(nats.url);
  await eventStream(link);
  await publish(link, 20);
  const taker = new Taker(link);
  await eventually('the first ten are here', () => taker.held.length === 10);
  taker.done(10);
  await eventually('all are here', () => taker.seqs.length === 20);
  expect(taker.seqs).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(taker.gone).toEqual([]);
});
