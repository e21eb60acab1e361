import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  makeOutbox,
  openOutbox,
  type Outbox,
  type OutboxOptions,
  relayOutbox,
  type RelayOptions,
  type RelayResult,
  transaction,
} from '../../src/lib/postgres/index.js';
import { openPipeline } from '../../src/lib/open/open-pipeline.js';
import type { OpenPipeline } from '../../src/lib/open/opened-pipeline.js';
import { ensureTopology } from '../../src/lib/topology/ensure.js';
import { eventually } from '../support/eventually.js';
import { startNats, type TestServer } from '../support/nats-server.js';
import { makeDatabase, postgresForFile } from '../support/postgres.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const postgres = await postgresForFile();
let nats: TestServer;
let pipeline: OpenPipeline;
const key = Buffer.alloc(32, 7).toString('base64url');

beforeAll(async () => {
  nats = await startNats();
  process.env['OUTBOX_KEY'] = key;
  pipeline = await openPipeline({
    server: nats.url,
    config: {
      name: 'orders',
      events: {
        'order.placed': {},
        'order.paid': { schema: z.object({ amount: z.number() }) },
        'card.stored': { encrypt: true },
      },
      keys: { current: 'env://OUTBOX_KEY' },
      consumers: {},
    },
  });
  await ensureTopology(pipeline, { apply: true });
});
afterAll(async () => {
  delete process.env['OUTBOX_KEY'];
  await pipeline.close();
  await nats.stop();
});

async function outboxOfTest(options?: OutboxOptions) {
  const { url, pool } = await makeDatabase(postgres);
  const outbox = makeOutbox(pipeline, options);
  await outbox.install(pool);
  const add = (...events: Parameters<Outbox['add']>[1][]): Promise<void> =>
    transaction(pool, async (client) => {
      for (const event of events) await outbox.add(client, event);
    });
  const waiting = async (): Promise<Record<string, unknown>[]> =>
    (await pool.query<Record<string, unknown>>('select * from outbox order by id')).rows;
  return { url, pool, outbox, add, waiting };
}

/** A relay that runs until the test ends. */
function startRelay(database: string, options: Partial<RelayOptions> = {}) {
  const end = new AbortController();
  const ended = relayOutbox(pipeline, { database, signal: end.signal, ...options });
  const stop = async (): Promise<RelayResult> => {
    end.abort();
    return ended;
  };
  onTestFinished(async () => void (await stop().catch(() => {})));
  return { ended, stop };
}

/** What the stream has of these events, in its order. */
async function stored(...ids: readonly string[]): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for await (const { type, data, headers, id, seq } of pipeline.events({ all: true, follow: false }))
    if (id && ids.includes(id)) found.push({ type, data, headers, id, seq });
  return found;
}

test('an event is published if its transaction commits, and never if it does not', async () => {
  const { url, pool, outbox, add, waiting } = await outboxOfTest();
  await add({ type: 'order.placed', data: { n: 1 }, id: 'a1', headers: { Tenant: 'one' } });
  const undone = transaction(pool, async (client) => {
    await outbox.add(client, { type: 'order.placed', data: { n: 2 }, id: 'a2' });
    throw new Error('no stock');
  });
  await expect(undone).rejects.toThrow('no stock');
  expect(await waiting()).toMatchObject([{ event_id: 'a1', type: 'order.placed', key: null }]);

  expect(await relayOutbox(pipeline, { database: url, once: true })).toEqual({
    published: 1,
    duplicates: 0,
    refused: 0,
  });
  expect(await waiting()).toEqual([]);
  expect(await stored('a1', 'a2')).toMatchObject([
    { type: 'order.placed', id: 'a1', data: { n: 1 }, headers: { Tenant: ['one'] } },
  ]);
});

test('a bad event fails its transaction, and nothing of it is written', async () => {
  const { pool, outbox, add, waiting } = await outboxOfTest({ maxBytes: 2000 });
  const refused = [
    [{ type: 'order.lost' }, 'UNKNOWN_EVENT_TYPE'],
    [{ type: 'order.paid', data: { amount: 'much' } }, 'SCHEMA_VIOLATION'],
    [{ type: 'order.placed', data: { n: 1n } }, 'NOT_JSON'],
    [{ type: 'order.placed', headers: { 'Nats-Msg-Id': 'x' } }, 'INVALID_HEADER'],
    [{ type: 'order.placed', data: 'x'.repeat(2000) }, 'TOO_LARGE'],
    [{ type: 'order.placed', key: '' }, 'USAGE'],
  ] as const;
  for (const [event, code] of refused)
    await expect(add({ type: 'order.placed' }, event)).rejects.toMatchObject({ code });
  await expect(outbox.add(pool, { type: 'order.placed' })).rejects.toMatchObject({ code: 'NO_TRANSACTION' });
  const client = await pool.connect();
  for (const key of [undefined, 'k'])
    await expect(outbox.add(client, { type: 'order.placed', ...(key ? { key } : {}) })).rejects.toMatchObject(
      { code: 'NO_TRANSACTION' },
    );
  client.release();
  expect(await waiting()).toEqual([]);
  await pool.query('drop table outbox');
  await expect(add({ type: 'order.placed', key: 'k' })).rejects.toMatchObject({ code: 'NO_TABLE' });
});

test('what is encrypted is encrypted in the table too, and config and keys are enough to add', async () => {
  const cwd = await temporaryFolder();
  await writeFile(
    path.join(cwd, 'plutomi-events.config.json'),
    JSON.stringify({
      name: 'orders',
      events: { 'card.stored': { encrypt: true } },
      keys: { current: 'env://OUTBOX_KEY' },
      server: { url: 'nats://127.0.0.1:9' },
      consumers: {},
    }),
  );
  const { url, pool, waiting } = await outboxOfTest();
  const outbox = await openOutbox({ cwd });
  const { msgId } = await transaction(pool, (client) =>
    outbox.add(client, { type: 'card.stored', data: { card: '4111' }, key: 'ada' }),
  );
  const [row] = await waiting();
  expect(row).toMatchObject({ key: 'ada', headers: { 'Plutomi-Encrypted': [expect.any(String)] } });
  expect(String(row?.['payload'])).toMatch(/^eyJ/);
  await relayOutbox(pipeline, { database: url, once: true });
  expect(await stored(msgId)).toMatchObject([{ data: { card: '4111' } }]);
});

test('events of a key keep the order of their transactions, also where one that began earlier commits later', async () => {
  const { url, pool, outbox, add, waiting } = await outboxOfTest();
  const slow = await pool.connect();
  await slow.query('begin');
  await outbox.add(slow, { type: 'order.placed', id: 'k1', key: 'order 1' });
  // A transaction of the same key waits for the first one; others don't.
  const second = add({ type: 'order.placed', id: 'k2', key: 'order 1' });
  await add({ type: 'order.placed', id: 'other', key: 'order 2' });
  await add({ type: 'order.placed', id: 'none' });
  await relayOutbox(pipeline, { database: url, once: true });
  const before = (await stored('k1', 'k2', 'other', 'none')).map(({ id }) => id);
  expect(new Set(before)).toEqual(new Set(['none', 'other']));
  await outbox.add(slow, { type: 'order.placed', id: 'k1b', key: 'order 1' });
  await slow.query('commit');
  slow.release();
  await second;
  await relayOutbox(pipeline, { database: url, once: true });
  expect((await stored('k1', 'k1b', 'k2')).map(({ id }) => id)).toEqual(['k1', 'k1b', 'k2']);
  expect(await waiting()).toEqual([]);
});

test('a commit wakes the relay, and rows of other programs are found without', async () => {
  const { url, pool, add, waiting } = await outboxOfTest();
  const woken = startRelay(url, { pollMs: 30_000 });
  await add({ type: 'order.placed', id: 'w1' });
  await eventually('it is published', async () => (await waiting()).length === 0, 20_000);
  await add({ type: 'order.placed', id: 'w2' });
  await eventually('it is published too', async () => (await waiting()).length === 0, 20_000);
  expect(await woken.stop()).toMatchObject({ published: 2 });

  startRelay(url, { pollMs: 20 });
  await pool.query(
    `insert into outbox (event_id, type, subject, payload) values ('w3', 'order.placed', 'events.order.placed', '{}')`,
  );
  await eventually('it is found', async () => (await waiting()).length === 0, 20_000);
  expect((await stored('w1', 'w2', 'w3')).map(({ id }) => id)).toEqual(['w1', 'w2', 'w3']);
});

test('one of several relays is at work, and another takes over; what was published before is not stored twice', async () => {
  const { url, pool, add, waiting } = await outboxOfTest();
  const first = startRelay(url, { pollMs: 20 });
  await add({ type: 'order.placed', id: 't1' });
  await eventually('the first one publishes', async () => (await waiting()).length === 0, 20_000);
  const second = startRelay(url, { pollMs: 20 });
  await first.stop();
  // As if the first one had been killed before it removed the row.
  await pipeline.publish('order.placed', undefined, { id: 't2' });
  await add({ type: 'order.placed', id: 't2' });
  await eventually('the second one takes over', async () => (await waiting()).length === 0, 20_000);
  expect(await second.stop()).toEqual({ published: 1, duplicates: 1, refused: 0 });
  expect(await stored('t1', 't2')).toHaveLength(2);
  await expect(pool.query('select from pg_locks where locktype = $1', ['advisory'])).resolves.toMatchObject({
    rowCount: 0,
  });
});

test('an event that cannot be published stays with the reason, holds its key up and nothing else, and is tried by the next relay', async () => {
  const { url, pool, add, waiting } = await outboxOfTest({ maxBytes: 10_000_000 });
  await add({ type: 'order.placed', id: 'r0', key: 'k', data: { n: 0 } });
  await add({ type: 'order.placed', id: 'r1', key: 'k', data: 'x'.repeat(2_000_000) });
  await add({ type: 'order.placed', id: 'r2', key: 'k' }, { type: 'order.placed', id: 'r3', key: 'other' });
  await pool.query(
    `insert into outbox (event_id, type, subject, payload) values ('r4', 'x', 'elsewhere.x', ''), ('r5', 'x', 'not a subject', '')`,
  );
  await pool.query(
    `insert into outbox (event_id, type, subject, headers, payload) values ('r6', 'x', 'events.x', '{"a b": "c"}', '')`,
  );
  expect(await relayOutbox(pipeline, { database: url, once: true })).toEqual({
    published: 2,
    duplicates: 0,
    refused: 4,
  });
  expect(await waiting()).toMatchObject([
    { event_id: 'r1', refused: expect.stringContaining('2000') },
    { event_id: 'r2', refused: null },
    { event_id: 'r4', refused: expect.stringContaining('elsewhere.x') },
    { event_id: 'r5', refused: expect.stringContaining('not a subject') },
    { event_id: 'r6', refused: expect.stringContaining('headers') },
  ]);
  await pool.query(`update outbox set payload = '{}' where event_id = 'r1'`);
  expect(await relayOutbox(pipeline, { database: url, once: true })).toMatchObject({
    published: 2,
    refused: 3,
  });
  expect((await stored('r0', 'r1', 'r2', 'r3', 'r4')).map(({ id }) => id)).toEqual(['r0', 'r3', 'r1', 'r2']);
});

test('what the database or the server does is told, and a relay goes on after both were killed', async () => {
  await expect(
    relayOutbox(pipeline, { database: 'postgres://ada:geheim@127.0.0.1:9/orders' }),
  ).rejects.toMatchObject({
    code: 'NO_DATABASE',
    exitCode: 4,
    message: expect.stringMatching(
      /^can't connect to the database 127\.0\.0\.1:9\/orders: connection refused: nothing listens at 127\.0\.0\.1:9 \(ECONNREFUSED\)/,
    ),
  });
  await expect(relayOutbox(pipeline, { database: 'geheim' })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.not.stringContaining('geheim'),
  });
  const { url, pool, add, waiting } = await outboxOfTest();
  await expect(relayOutbox(pipeline, { database: url, table: 'none' })).rejects.toMatchObject({
    code: 'NO_TABLE',
  });
  await expect(relayOutbox(pipeline, { database: url, table: 'no;ne' })).rejects.toMatchObject({
    code: 'USAGE',
  });
  await pool.query('create user guest');
  await expect(relayOutbox(pipeline, { database: url.replace('postgres@', 'guest@') })).rejects.toMatchObject(
    { message: expect.stringContaining('permission denied') },
  );

  const relay = startRelay(url, { pollMs: 20 });
  await add({ type: 'order.placed', id: 'd1' });
  await eventually('it runs', async () => (await waiting()).length === 0, 20_000);
  await postgres.kill9();
  await postgres.start();
  await add({ type: 'order.placed', id: 'd2' });
  await eventually('it goes on', async () => (await waiting()).length === 0, 20_000);
  await nats.kill9();
  await add({ type: 'order.placed', id: 'd3' });
  await nats.restart();
  await eventually('and again', async () => (await waiting()).length === 0, 25_000);
  expect(await relay.stop()).toMatchObject({ refused: 0 });
  expect((await stored('d1', 'd2', 'd3')).map(({ id }) => id)).toEqual(['d1', 'd2', 'd3']);
}, 60_000);
