// A consumer is away for a while: core NATS loses what comes meanwhile, JetStream does not. And what a stream keeps.
// RETENTION=limits|interest|workqueue, STORAGE=file|memory and MAX_MSGS=<n> set up the stream.
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { closeAccount, natsOptions, stay, step, tell, title, until, untilStopped } from '../../kit/index.mjs';
import { byCore, byJetStream, startConsumer } from './consumer.mjs';
import { expectedOf, keeps } from './retention.mjs';

const { RETENTION: retention = 'limits', STORAGE: storage = 'file', MAX_MSGS = '1000' } = process.env;
// The nats CLI has a shorter word for it.
const inNatsCli = retention === 'workqueue' ? 'work' : retention;
const limits = { retention, storage, max_msgs: Number(MAX_MSGS) };

title('The consumer is away: what happens to the events of that time?');
const nc = await connect(natsOptions);
const [jsm, js] = [await jetstreamManager(nc), jetstream(nc)];

step('A stream for the orders, and a durable consumer', {
  nats: [
    `nats stream add ORDERS --defaults --subjects 'orders.*' --retention ${inNatsCli} --storage ${storage} --max-msgs ${MAX_MSGS}`,
    'nats consumer add ORDERS billing --defaults --pull',
  ],
});
await jsm.streams.add({ name: 'ORDERS', subjects: ['orders.*'], ...limits });
await jsm.consumers.add('ORDERS', { durable_name: 'billing', ack_policy: 'explicit' });
tell(`retention ${retention}, storage ${storage}, at most ${MAX_MSGS} messages`);

step('The consumer is there: orders 1 to 3', { nats: "nats sub 'orders.*'" });
let consumer = await startConsumer();
for (const order of [1, 2, 3]) await publishAndWait(order);
tell('Both ways, it gets each of them at once.');

step('The consumer is down: orders 4 to 6', { nats: "nats pub --jetstream orders.new '4'" });
await consumer.drain();
for (const order of [4, 5, 6]) await js.publish('orders.new', String(order));
tell('Core NATS has nobody to give them to.');
tell(`The stream holds ${(await jsm.streams.info('ORDERS')).state.messages} messages.`);

step('The consumer is back: order 7', { nats: 'nats consumer next ORDERS billing --count 4 --ack' });
consumer = await startConsumer();
await until('what was stored', isDone);
await publishAndWait(7);
tell(`by core NATS   ${byCore.join(' ')}`);
tell(`by JetStream   ${byJetStream.join(' ')}`);

step('What does a stream keep of five messages?', { nats: 'nats stream info KEEPS_interest' });
tell('retention  without a consumer  one has acknowledged three');
const rows = [];
for (const name of ['limits', 'interest', 'workqueue']) {
  const [without, after] = await keeps(nc, name, limits);
  tell(`${name.padEnd(11)}${String(without).padEnd(20)}${after}`);
  rows.push([`kept by ${name}`, `${without}, ${after}`, expectedOf(name, limits.max_msgs).join(', ')]);
}
if (stay) await untilStopped();

step('Check that everything adds up');
const removed = Math.max(0, 3 - limits.max_msgs);
closeAccount([
  ['by core NATS', byCore.length, 4, 'of 7: at most once'],
  ['by JetStream', byJetStream.length, 7 - removed, removed ? `of 7: the stream holds ${MAX_MSGS}` : 'of 7'],
  ...rows,
]);
await Promise.all([consumer.close(), nc.close()]);

async function publishAndWait(order) {
  await js.publish('orders.new', String(order));
  await until(`order ${order}`, async () => byCore.includes(order) && (await isDone()));
}

/** All that is stored was processed and acknowledged. */
async function isDone() {
  const { num_pending: unread, num_ack_pending: unfinished } = await jsm.consumers.info('ORDERS', 'billing');
  return unread + unfinished === 0;
}
