import { expect, test } from 'vitest';
import { forgetOnce, installOnce, once, transaction } from '../../src/lib/postgres/index.js';
import { makeDatabase, postgresForFile } from '../support/postgres.js';
import { testBed } from '../support/pipeline.js';
import { eventually } from '../support/eventually.js';

const postgres = await postgresForFile();

async function databaseOfTest() {
  const { pool } = await makeDatabase(postgres);
  await installOnce(pool);
  await installOnce(pool);
  await pool.query('create table effects (what text)');
  const effects = async (): Promise<string[]> =>
    (await pool.query<{ what: string }>('select what from effects order by what')).rows.map(
      ({ what }) => what,
    );
  return { pool, effects };
}

test('an effect runs once for an event and a consumer, and what it did is stored with it or not at all', async () => {
  const { pool, effects } = await databaseOfTest();
  const run = (consumer: string, id: string, fail = false) =>
    transaction(pool, (client) =>
      once(client, { consumer, id }, async () => {
        await client.query('insert into effects values ($1)', [`${consumer} ${id}`]);
        if (fail) throw new Error('no stock');
        return 7;
      }),
    );
  await expect(run('stock', '1', true)).rejects.toThrow('no stock');
  expect(await run('stock', '1')).toEqual({ ran: true, result: 7 });
  expect(await run('stock', '1')).toEqual({ ran: false });
  expect(await run('mail', '1')).toEqual({ ran: true, result: 7 });
  const both = await Promise.all([run('stock', '2'), run('stock', '2'), run('stock', '2')]);
  expect(both.filter(({ ran }) => ran)).toHaveLength(1);
  expect(await effects()).toEqual(['mail 1', 'stock 1', 'stock 2']);

  await expect(once(pool, { consumer: 'stock', id: '3' }, () => {})).rejects.toMatchObject({
    code: 'NO_TRANSACTION',
  });
  await expect(
    transaction(pool, (client) => once(client, { consumer: 'a', id: undefined }, () => {})),
  ).rejects.toMatchObject({
    code: 'USAGE',
  });
  expect(await run('stock', '3')).toMatchObject({ ran: true });
});

test('old rows are removed, and the table may have another name', async () => {
  const { pool } = await databaseOfTest();
  await pool.query('create schema shop');
  const options = { table: 'shop.done' };
  await expect(
    transaction(pool, (client) => once(client, { consumer: 'a', id: '1' }, () => {}, options)),
  ).rejects.toMatchObject({ code: 'NO_TABLE' });
  await installOnce(pool, options);
  for (const id of ['1', '2'])
    await transaction(pool, (client) => once(client, { consumer: 'a', id }, () => {}, options));
  await pool.query(`update shop.done set done_at = now() - interval '31 days' where event = '1'`);
  expect(await forgetOnce(pool, { ...options, olderThan: '30d' })).toBe(1);
  expect(await forgetOnce(pool, { ...options, olderThan: '30d' })).toBe(0);
  await expect(forgetOnce(pool, { olderThan: 'a month' })).rejects.toMatchObject({ code: 'USAGE' });
});

test('an effect of a handler runs once in all of its attempts, also of an event that is in the stream twice', async () => {
  const { pool, effects } = await databaseOfTest();
  const bed = await testBed({ streams: { events: { duplicateWindowMs: 100 } } });
  let failures = 0;
  const run = await bed.run({
    'notifications-consumer': async (event, context) => {
      await transaction(pool, (client) =>
        once(client, context, () =>
          client.query('insert into effects values ($1)', [`by context ${event.seq}`]),
        ),
      );
      await transaction(pool, (client) =>
        once(client, { consumer: context.consumer, id: event.id }, () =>
          client.query('insert into effects values ($1)', [`by id ${event.id}`]),
        ),
      );
      if (context.stage === 'main') {
        failures++;
        throw new Error('after the effect');
      }
    },
  });
  await bed.publish('totp.requested', {}, 'one');
  await eventually(
    'the duplicate window has passed',
    async () => (await bed.publish('totp.requested', {}, 'one')) === 2,
  );
  await eventually('both are resolved', () => run.count('succeeded') === 2, 20_000);
  expect(failures).toBeGreaterThan(2);
  expect(await effects()).toEqual(['by context 1', 'by context 2', 'by id one']);
});
