// Queue groups share messages while they are there. A work queue is stored, and shares them whenever somebody comes.
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { closeAccount, natsOptions, stay, step, tell, title, until, untilStopped } from '../../kit/index.mjs';
import { allDone, audit, audited, done, joinGroup, publishJobs, pullJobs } from './workers.mjs';

const jobs = 30;

title('Many workers, and each job for one of them');
const nc = await connect(natsOptions);
const [jsm, js] = [await jetstreamManager(nc), jetstream(nc)];

step('Three workers in a queue group, and an audit that is in none', {
  nats: ["nats sub 'jobs.*' --queue workers", "nats sub 'jobs.*'"],
});
const workers = await Promise.all(['w1', 'w2', 'w3'].map(joinGroup));
await audit(nc);

step(`Publish ${jobs} jobs`, { nats: `nats pub jobs.mail --count ${jobs} 'job {{Count}}'` });
await publishJobs(nc, 1, jobs);
for (const [name, found] of done) tell(`${name} got ${found.length}`);
tell(`audit got ${audited.length}: outside of the group, it gets all of them`);

step('A worker leaves; nobody tells anybody');
await workers[0].drain();
const before = done.get('w1').length;
await publishJobs(nc, jobs + 1, 2 * jobs);
tell(`w1 still has ${done.get('w1').length}; the others share the new ones`);

step('A work queue: jobs that wait, whether or not a worker is there', {
  nats: [
    "nats stream add QUEUE --defaults --subjects 'queue.*' --retention work",
    `nats pub --jetstream queue.mail --count ${jobs} 'job {{Count}}'`,
    'nats consumer add QUEUE workers --defaults --pull',
  ],
});
await jsm.streams.add({ name: 'QUEUE', subjects: ['queue.*'], retention: 'workqueue' });
for (let i = 1; i <= jobs; i++) await js.publish('queue.mail', `job ${i}`);
await jsm.consumers.add('QUEUE', { durable_name: 'workers', ack_policy: 'explicit' });
tell(`${await held()} jobs wait, and no worker is there`);

step('Three workers pull from the same consumer', {
  nats: 'nats consumer next QUEUE workers --count 10 --ack',
});
const pulled = await Promise.all([1, 2, 3].map(() => pullJobs(js, jobs / 3)));
await until('an empty queue', async () => (await held()) === 0);
tell(`each took ${pulled.map((found) => found.length).join(', ')}; what is acknowledged is removed`);

step('A second consumer of the same jobs', { nats: 'nats consumer add QUEUE audit --defaults --pull' });
const second = { durable_name: 'audit', ack_policy: 'explicit' };
const refused = await jsm.consumers.add('QUEUE', second).catch((error) => error);
tell(`The server refuses it: ${refused.message}`);
if (stay) await untilStopped();

step('Check that everything adds up');
closeAccount([
  ['queue group: jobs done', new Set(allDone()).size, 2 * jobs],
  ['done twice', allDone().length - new Set(allDone()).size, 0],
  ['by w1 after it left', done.get('w1').length - before, 0],
  ['audit', audited.length, 2 * jobs],
  ['work queue: jobs done', new Set(pulled.flat()).size, jobs],
  ['left in the queue', await held(), 0],
]);
await Promise.all([...workers, nc].map((one) => one.close()));

async function held() {
  return (await jsm.streams.info('QUEUE')).state.messages;
}
