// Orders, inventory and shipping: three processes, three databases. An order is placed, its stock is reserved, it is
// shipped, and the order hears of it, by events alone. The process that publishes is killed with -9 again and again.
import { openPipeline } from 'plutomi-events';
import { broken, closeAccount, moment, natsUrl, run, stay, step, tell } from '../../kit/index.mjs';
import { ExampleFailure, title, until, untilStopped } from '../../kit/index.mjs';
import { makeDatabases } from './databases.mjs';
import { findPostgres, howToGetIt } from './postgres.mjs';
import { startService } from './processes.mjs';

const [orders, kills] = [30, 2];

title('A transactional outbox: an order and its event are stored together, or not at all');
if (!process.env.DATABASE_URL && findPostgres() === undefined)
  throw new ExampleFailure(`there is no Postgres here: ${howToGetIt}`);

step('A Postgres with a database for each service, and the streams');
const { databases, number, shipped, left, close } = await makeDatabases();
const service = (name, ...words) => startService(name, databases[name].url, ...words);
tell(
  Object.values(databases)
    .map(({ name }) => name)
    .join(', '),
);
await run('pipeline apply --yes');

step('Inventory and shipping, each in a process of its own');
const [inventory, shipping] = ['inventory', 'shipping'].map((name) => service(name));
await Promise.all([inventory.said('ready'), shipping.said('ready')]);

step('Orders: it places orders, publishes, and is killed with -9 right after a commit', {
  nats: 'nats stream view events',
});
tell('What the databases say of the same orders once it is dead:');
for (let kill = 1; kill <= kills; kill++) {
  const shop = service('orders', orders);
  await shop.said(`committed ${Math.round((orders * kill) / (kills + 1))}`);
  await shop.stop('SIGKILL');
  const waiting = await number('orders', 'select count(*) from outbox');
  moment(`killed: ${await state()}; not published: ${waiting}`);
}

step('Orders again: its relay publishes what was left', { nats: 'nats consumer report events' });
tell('For a while they do not agree, and then they do:');
const shop = service('orders', orders);
await shop.said(`committed ${orders}`);
moment(await state());
const expected = orders - (broken ? 1 : 0);
const isDone = async () => (await shipped()) === expected && (await left()) === 0;
await until('all orders to be shipped', isDone, 60_000);
moment(await state());

step('Check that everything adds up', { nats: 'nats stream info events' });
const pipeline = await openPipeline({ server: natsUrl });
const ids = [];
for await (const { id } of pipeline.events({ all: true, follow: false })) ids.push(id);
await pipeline.close();
const ordered = await number('orders', 'select sum(pieces) from orders');
closeAccount([
  ['orders placed', await number('orders', 'select count(*) from orders'), orders],
  ['orders shipped, say orders', await shipped(), orders],
  ['shipments, says shipping', await number('shipping', 'select count(*) from shipments'), orders],
  ['lamps that left the stock', 1000 - (await number('inventory', 'select free from stock')), ordered],
  ['events in the stream', new Set(ids).size, 3 * orders, 'placed, reserved, shipped'],
  ['stored twice', ids.length - new Set(ids).size, 0],
  ['left in an outbox', await left(), 0],
]);
if (stay) {
  step('It goes on until Ctrl-C: psql and the log files are yours');
  for (const { url } of Object.values(databases)) tell(url.replace(/:[^:@/]*@/, '@'));
  await untilStopped();
}
await Promise.all([inventory, shipping, shop].map((one) => one.stop()));
await close();

async function state() {
  const placed = await number('orders', 'select count(*) from orders');
  const sent = await number('shipping', 'select count(*) from shipments');
  return `${placed} placed, ${sent} sent, ${await shipped()} known to be`;
}
