import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Key } from '../../src/lib/domain/key.js';
import { nanosOfRfc3339 } from '../../src/lib/domain/time.js';
import { recordAbout } from '../../src/lib/journal/record-about.js';
import { writeRecord } from '../../src/lib/journal/write-record.js';
import type { Delivery } from '../../src/lib/nats/consume/delivery.js';
import type { Link } from '../../src/lib/nats/link.js';
import { createConsumer, createStream, deleteConsumer } from '../../src/lib/nats/objects.js';
import { FirstDeliveries } from '../../src/lib/waterfall/worker/first-deliveries.js';
import { connectTo, type TestLink } from '../support/connect.js';
import { seen } from '../support/dead-letters.js';
import { startNats, type TestServer } from '../support/nats-server.js';
import { journalAt } from '../support/pipeline-of.js';
import { pullAndAck } from '../support/pull.js';

let server: TestServer;
let link: TestLink;
let count = 0;
beforeAll(async () => {
  server = await startNats();
  link = await connectTo(server.url);
});
afterAll(async () => {
  await link.close();
  await server.stop();
});

const consumer = 'notifications-consumer';
const place = (journal: string) => ({ stream: journal, root: journal });

/** Events and a journal of a test's own, and a consumer. */
async function setUp() {
  const [events, journal] = [`events-${++count}`, `journal-${count}`];
  await createStream(link, { name: events, subjects: [`${events}.>`] });
  await createStream(link, { name: journal, subjects: [`${journal}.>`] });
  const make = (): Promise<void> =>
    createConsumer(link, events, { durable_name: consumer, ack_policy: 'explicit' });
  await make();
  return {
    events,
    settings: { stream: events, consumer },
    firsts: (over: Link = link) =>
      new FirstDeliveries(journalAt(over, place(journal)), `${journal}.business.*.${consumer}.*.main.*`),
    /** Publishes events, and resolves with the last one's sequence. */
    publish: async (n: number): Promise<number> => {
      const acks = await Promise.all(Array.from({ length: n }, () => link.publish(`${events}.a`, '{}')));
      return Math.max(...acks.map(({ seq }) => seq));
    },
    /** Somebody has left a record about an attempt. */
    record: async (): Promise<void> => {
      const origin = { stream: events, seq: 1, subject: `${events}.a`, time: '17' };
      const key: Key = { tier: 'business', consumer, origin, stage: 'main', cycle: 0 };
      const facts = { kind: 'ATTEMPT_STARTED', at: '2027-01-15T08:00:00.000Z', attempt: 1 } as const;
      await writeRecord(journalAt(link, place(journal)), recordAbout(key, facts));
    },
    recreate: async (): Promise<string> => {
      await deleteConsumer(link, events, consumer);
      await make();
      const info = await link.consumerInfo(events, consumer);
      return nanosOfRfc3339(info?.created ?? '') ?? '';
    },
  };
}

/** What a delivery says that matters here; stored in the far future, where nothing else is said. */
function delivery(facts: Partial<Delivery>): Delivery {
  return { deliveries: 1, seq: 1, time: '4000000000000000000', ...facts } as Delivery;
}

describe('a delivery', () => {
  test('is no first one before anything is known, nor when it was delivered before', async () => {
    const { firsts, settings } = await setUp();
    const one = firsts();
    const deliverer = { settings, epoch: 3 };
    expect(one.isFirst(delivery({}), deliverer)).toBe(false);
    expect(await one.lookUp(deliverer)).toBe('0');
    expect(one.isFirst(delivery({}), deliverer)).toBe(true);
    expect(one.isFirst(delivery({ deliveries: 2 }), deliverer)).toBe(false);
  });

  test('proves nothing after its consumer was out of sight, until that is looked up again', async () => {
    const { firsts, settings } = await setUp();
    const one = firsts();
    await one.lookUp({ settings, epoch: 0 });
    expect(one.isFirst(delivery({}), { settings, epoch: 1 })).toBe(false);
    await one.lookUp({ settings, epoch: 1 });
    expect(one.isFirst(delivery({}), { settings, epoch: 1 })).toBe(true);
    expect(one.isFirst(delivery({}), { settings, epoch: 0 })).toBe(false);
  });

  test('of all that was stored proves nothing, where the journal knows of attempts: a killed server forgets', async () => {
    const { firsts, settings, publish, record, events } = await setUp();
    const one = firsts();
    const last = await publish(5);
    await pullAndAck(link, events, consumer, 2);
    await record();
    const deliverer = { settings, epoch: 0 };
    expect(await one.lookUp(deliverer)).toBe('0');
    expect(one.isFirst(delivery({ seq: last }), deliverer)).toBe(false);
    // And no further than the stream goes: what comes later is new.
    expect(one.isFirst(delivery({ seq: last + 1 }), deliverer)).toBe(true);
  });

  test('proves nothing where its event is older than its consumer, by more than clocks differ', async () => {
    const { firsts, settings, record, recreate } = await setUp();
    await record();
    const created = BigInt(await recreate());
    const one = firsts();
    const deliverer = { settings, epoch: 0 };
    expect(await one.lookUp(deliverer)).toBe(String(created));
    const isFirst = (after: bigint): boolean =>
      one.isFirst(delivery({ seq: 9, time: String(created + after) }), deliverer);
    expect(isFirst(-1n)).toBe(false);
    expect(isFirst(5_000_000_000n)).toBe(false);
    expect(isFirst(5_000_000_001n)).toBe(true);
  });

  test('of an old event proves enough where all records are the consumer’s own', async () => {
    const { firsts, settings, record, recreate } = await setUp();
    await recreate();
    await record();
    const one = firsts();
    const deliverer = { settings, epoch: 0 };
    expect(await one.lookUp(deliverer)).toBe('0');
    expect(one.isFirst(delivery({ seq: 9, time: '1' }), deliverer)).toBe(true);
  });
});

describe('looking up', () => {
  /** What the journal was asked, over a link that fails so often before. */
  function counted(failures = 0): { over: Link; asked: () => number } {
    let asked = 0;
    const over = seen(link, 'readNext', () => {
      if (asked++ < failures) throw new Error('away');
    });
    return { over, asked: () => asked };
  }

  test('is done once for all who ask at the same time, and once for each epoch', async () => {
    const { firsts, settings } = await setUp();
    const { over, asked } = counted();
    const one = firsts(over);
    const ask = (epoch: number) => Promise.all([1, 2, 3].map(() => one.lookUp({ settings, epoch })));
    await ask(0);
    expect(asked()).toBe(1);
    await ask(0);
    expect(asked()).toBe(1);
    await ask(1);
    expect(asked()).toBe(2);
  });

  test('that failed is done again', async () => {
    const { firsts, settings } = await setUp();
    const { over, asked } = counted(1);
    const one = firsts(over);
    await expect(one.lookUp({ settings, epoch: 0 })).rejects.toThrow('away');
    expect(await one.lookUp({ settings, epoch: 0 })).toBe('0');
    expect(asked()).toBe(2);
  });

  test('names the consumer that is not there', async () => {
    const { firsts, record, events } = await setUp();
    await record();
    const settings = { stream: events, consumer: 'nobody' };
    await expect(firsts().lookUp({ settings, epoch: 0 })).rejects.toThrow(`${events} nobody`);
  });
});
