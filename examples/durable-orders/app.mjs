// The program: node app.mjs. A server, two publishers, two durable consumers and an ephemeral one, until Ctrl-C.
import { openPipeline } from 'plutomi-events';
import { note, notes } from './files.mjs';
import { Publishers } from './publishers.mjs';
import { startServer, until } from './server.mjs';
import { startVerification } from './verification.mjs';

/** Resolves at the first Ctrl-C; whoever presses it twice is patient. */
const stopped = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'disconnect']) process.on(signal, resolve);
});
process.channel?.unref();

const pace = process.env.ORDERS_QUICK === '1' ? 10 : 1;
const server = await startServer();
console.log('=== Durable orders ===');
console.log(`everything is on disk, in ${server.store}`);
console.log('Press Ctrl+C to stop; start it again, and it goes on where it was');
console.log('');

const pipeline = await openPipeline({ server: server.url });
const running = await pipeline.run({ apply: true });
running.subscribe(
  ({ failure, attempt, limit }) =>
    console.log(`failed     ${failure.message} (attempt ${attempt} of ${limit})`),
  { types: ['attempt-failed'] },
);
let total = 0;
const paid = ({ data: { status, amount } }) => {
  if (status === 'paid') total += amount;
};
const { read } = await pipeline.replayEvents({ since: '1h', subjects: ['order.changed'], handler: paid });
console.log(`history    ${read} order events in the last hour, ${total.toFixed(2)} paid`);
/** Of earlier runs: registered while nobody looked. */
const unseen = notes('registrations').length - notes('verification').length;
const verification = await startVerification(pipeline, 4000 / pace);
const publishers = new Publishers(pipeline);
publishers.start(pace);

await stopped;
console.log('');
console.log('stopping: what is in hand is finished first');
await publishers.stop();
// An ephemeral consumer has no second run for what it leaves behind.
await until(() => notes('verification').length + unseen >= notes('registrations').length);
await verification.close();
await running.stop(25_000);
// The world does not stop with the consumers.
await publishers.order();
await publishers.registration();
await publishers.stop();
for (const name of ['order-processor', 'analytics-processor'])
  note('waiting', { name, count: await waitingFor(name) });
await pipeline.close();
await server.stop();
console.log(`all messages are on disk, in ${server.store}:`);
console.log(
  `${notes('orders').length} order events and ${notes('registrations').length} registrations so far.`,
);
console.log('order-processor and analytics-processor go on where they were.');

/** What a durable has not done yet. */
async function waitingFor(name) {
  const { consumers } = await pipeline.status();
  const stages = consumers.filter((one) => one.name === name);
  return stages.reduce((sum, { pending, ackPending }) => sum + pending + ackPending, 0);
}
