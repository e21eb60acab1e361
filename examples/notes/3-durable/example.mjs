// Ephemeral and durable consumers, effects that happen once, and publishing and acknowledging exactly once.
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { closeAccount, natsOptions, stay, step, tell, title, untilStopped } from '../../kit/index.mjs';
import { book, booked, deliveries, left } from './ledger.mjs';

title('Who remembers what was processed, and what if it is delivered twice?');
const nc = await connect(natsOptions);
const [jsm, js] = [await jetstreamManager(nc), jetstream(nc)];
await jsm.streams.add({ name: 'PAYMENTS', subjects: ['payments.*'], duplicate_window: nanos(120_000) });

step('Publish five payments, one of them twice', {
  nats: "nats pub payments.new 100 --jetstream -H 'Nats-Msg-Id: payment-3'",
});
const answers = [];
for (const id of [1, 2, 3, 3, 4, 5])
  answers.push(await js.publish('payments.new', '100', { msgID: `payment-${id}` }));
const { messages: stored } = (await jsm.streams.info('PAYMENTS')).state;
tell(`Published ${answers.length}, stored ${stored}: within the duplicate window, an id counts once.`);
tell('So a publisher that got no answer publishes again, with the same id.');

step('An ephemeral consumer, twice', { nats: 'nats sub --stream PAYMENTS --all --count 5' });
const ephemeral = [await readAll(), await readAll()];
tell(`It has read ${ephemeral.join(', and then ')}: nobody remembers it, so it begins at the first.`);

step('A durable consumer reads three', {
  nats: [
    'nats consumer add PAYMENTS ledger --defaults --pull --wait 1s',
    'nats consumer next PAYMENTS ledger --count 3 --ack',
  ],
});
const durable = { durable_name: 'ledger', ack_policy: 'explicit', deliver_policy: 'all' };
await jsm.consumers.add('PAYMENTS', { ...durable, ack_wait: nanos(1000) });
const ledger = await js.consumers.get('PAYMENTS', 'ledger');
// A double ack: the server confirms it. If a plain one is lost on its way, the message comes again.
const doubleAck = (message) => message.ackAck();
await book(ledger, 3, doubleAck);
tell(`It has booked ${booked.size}, and is gone.`);

step('It comes back, and dies between the effect and the ack', {
  nats: ['nats consumer next PAYMENTS ledger --no-ack', 'nats consumer info PAYMENTS ledger'],
});
await book(ledger, 1, () => {});
tell(`Payment ${deliveries.at(-1)} is booked, but the server does not know that.`);

step('It comes back once more', { nats: 'nats consumer next PAYMENTS ledger --count 2 --ack' });
while ((await left(ledger)) > 0) await book(ledger, 1, doubleAck);
const again = deliveries.filter((id, i) => deliveries.indexOf(id) < i);
tell(`Deliveries: ${deliveries.join(' ')}`);
tell('Not from the first: it is durable. Payment 4 twice: at least once.');
tell('Booked once all the same: the effect has the id of the payment.');
if (stay) await untilStopped();

step('Check that everything adds up');
closeAccount([
  ['published', answers.length, 6],
  ['of them duplicates', answers.filter(({ duplicate }) => duplicate).length, 1],
  ['stored', stored, 5],
  ['ephemeral, first time', ephemeral[0], 5],
  ['ephemeral, second time', ephemeral[1], 5],
  ['durable: delivered twice', again.includes('4') ? 'yes' : 'no', 'yes', 'at least once'],
  ['durable: effects', booked.size, 5, 'exactly once'],
  ['left over', await left(ledger), 0],
]);
await nc.close();

/** A new consumer without a name reads all that is stored. It is gone soon after nobody asks it any more. */
async function readAll() {
  const { name } = await jsm.consumers.add('PAYMENTS', { ack_policy: 'none', deliver_policy: 'all' });
  const consumer = await js.consumers.get('PAYMENTS', name);
  let found = 0;
  for await (const _ of await consumer.fetch({ max_messages: stored })) found++;
  return found;
}
