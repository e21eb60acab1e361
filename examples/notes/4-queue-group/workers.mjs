// Workers: of a queue group on core NATS, and of a work queue on JetStream.
import { connect } from '@nats-io/transport-node';
import { broken, natsOptions, until } from '../../kit/index.mjs';

/** What each worker of the queue group has done. */
export const done = new Map();

/** What a subscriber outside of the group has heard. */
export const audited = [];

export function allDone() {
  return [...done.values()].flat();
}

export async function audit(nc) {
  nc.subscribe('jobs.*', { callback: (_error, message) => audited.push(message.string()) });
  await nc.flush();
}

/** Publishes jobs on core NATS, and waits until they have arrived. */
export async function publishJobs(nc, first, last) {
  for (let i = first; i <= last; i++) nc.publish('jobs.mail', `job ${i}`);
  const expected = last - (broken ? 1 : 0);
  await until('the jobs', () => audited.length === last && allDone().length >= expected);
}

/** A program of its own that joins the queue group. */
export async function joinGroup(name) {
  done.set(name, []);
  const nc = await connect({ ...natsOptions, name });
  nc.subscribe('jobs.*', { queue: 'workers', callback: (_error, message) => take(name, message.string()) });
  await nc.flush();
  return nc;
}

function take(name, job) {
  if (!broken || job !== 'job 7') done.get(name).push(job);
}

/** Pulls so many jobs from the work queue, and acknowledges each. */
export async function pullJobs(js, count) {
  const found = [];
  const consumer = await js.consumers.get('QUEUE', 'workers');
  for await (const message of await consumer.fetch({ max_messages: count })) {
    found.push(message.string());
    message.ack();
  }
  return found;
}
