// Publish and subscribe on core NATS: who gets what by its subject, and what nobody gets.
import { connect } from '@nats-io/transport-node';
import {
  broken,
  closeAccount,
  moment,
  natsOptions,
  stay,
  step,
  tell,
  title,
  untilStopped,
} from '../../kit/index.mjs';

/** What each subscriber asks for, and how many of the messages below that is. */
const subscribers = { 'orders.new': 1, 'orders.*': 2, 'orders.*.new': 2, 'orders.>': 5 };
const subjects = [
  'orders.new',
  'orders.paid',
  'orders.eu.new',
  'orders.us.new',
  'orders.eu.de.new',
  'payments.new',
];
const received = new Map();

title('Publish and subscribe: the subject decides who gets a message');
// Subscribers and publisher don't know each other: they share a server and the names of subjects.
const consumer = await connect({ ...natsOptions, name: 'consumer' });
const publisher = await connect({ ...natsOptions, name: 'publisher' });

step('Publish before anybody listens', { nats: "nats pub orders.new 'order 0'" });
publisher.publish('orders.new', 'order 0');
await publisher.flush();
tell('The server has taken it. Nobody was subscribed, so it is gone:');
tell('core NATS keeps nothing.');

step('Subscribe, with both wildcards', {
  nats: Object.keys(subscribers).map((subject) => `nats sub '${subject}'`),
});
tell('*  stands for one token');
tell('>  stands for one or more, and only at the end');
for (const subject of Object.keys(subscribers)) {
  received.set(subject, []);
  consumer.subscribe(subject, { callback: (_error, message) => receive(subject, message) });
}
// The answer to a flush comes after the server has seen the subscriptions.
await consumer.flush();

step(`Publish ${subjects.length} messages`, {
  nats: subjects.map((subject) => `nats pub ${subject} 'an order'`),
});
for (const subject of subjects) publisher.publish(subject, 'an order');
await publisher.flush();
await consumer.flush();
for (const [subject, found] of received) tell(`${subject.padEnd(13)}${found.join(', ')}`);

step('Check that everything adds up');
const counted = Object.entries(subscribers).map(([subject, expected]) => [
  `got by ${subject}`,
  received.get(subject).length,
  expected,
]);
const heard = new Set([...received.values()].flat());
const unheard = subjects.filter((subject) => !heard.has(subject));
closeAccount([...counted, ['heard by nobody', unheard.length, 1, unheard.join(', ')]]);

if (stay) {
  step('Publish from another terminal; Ctrl-C ends it', { nats: "nats pub orders.new 'mine'" });
  consumer.subscribe('orders.>', { callback: (_error, { subject }) => moment(`heard ${subject}`) });
  await untilStopped();
}
await Promise.all([consumer.close(), publisher.close()]);

function receive(pattern, { subject }) {
  const drops = broken && pattern === 'orders.*' && subject === 'orders.paid';
  if (!drops) received.get(pattern).push(subject);
}
