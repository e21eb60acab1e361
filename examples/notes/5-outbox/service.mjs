// node service.mjs <orders | inventory | shipping>: one service in one process, with its handler and its relay.
import { resolve } from 'node:path';
import { openPipeline } from 'plutomi-events';
import { relayOutbox, transaction } from 'plutomi-events/postgres';
import { outbox, pool } from './database.mjs';

const [name, upTo] = process.argv.slice(2);
const pipeline = await openPipeline({ name });
const end = new AbortController();
const file = `./handlers/${name}.mjs`;
const { default: handler } = await import(file);
await pipeline.run({ only: [name], handlers: new Map([[resolve(file), handler]]) });
const relaying = relayOutbox(pipeline, { database: process.env.DATABASE_URL, signal: end.signal });
relaying.catch((error) => {
  console.error(error.message);
  process.exit(1);
});
process.once('SIGTERM', () => void stop());
console.log('ready');
if (upTo !== undefined) await placeOrders(Number(upTo));

/** The order and its event are stored together: both, or none. */
async function placeOrders(last) {
  const { rows } = await pool.query('select count(*)::int as n from orders');
  console.log(`committed ${rows[0].n}`);
  for (let n = rows[0].n + 1; n <= last; n++) {
    const order = { id: `order-${n}`, item: 'lamp', pieces: 1 + (n % 3) };
    await transaction(pool, async (client) => {
      await client.query("insert into orders values ($1, $2, $3, 'placed')", [
        order.id,
        order.item,
        order.pieces,
      ]);
      const data = { order: order.id, item: order.item, pieces: order.pieces };
      await outbox.add(client, { type: 'order.placed', data, key: order.id });
    });
    console.log(`committed ${n}`);
  }
}

/** What is on its way is finished. */
async function stop() {
  end.abort();
  await relaying;
  await pipeline.close();
  await pool.end();
}
