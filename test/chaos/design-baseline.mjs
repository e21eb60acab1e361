import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AckPolicy } from '@nats-io/jetstream';
import { insistently, readAll } from './admin.mjs';
import { consumers } from './events.mjs';
import { supervise } from './supervisor.mjs';

const program = fileURLToPath(new URL('processes/baseline.mjs', import.meta.url));
const ackWaitNanos = 5_000_000_000;
const streams = {
  events: ['events.>'],
  'events-advisories': ['$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.>'],
  'events-dlq': ['events-dlq.>'],
};

/** The obvious design: `max_deliver: 3`, the server's advisories captured by a stream, pointers made from them. */
async function start({ admin, project, nodes, folder }) {
  const { jsm } = admin;
  for (const [name, subjects] of Object.entries(streams)) {
    await insistently(() => jsm.streams.add({ name, subjects, num_replicas: nodes.length }));
  }
  const common = { ack_policy: AckPolicy.Explicit, ack_wait: ackWaitNanos, max_ack_pending: -1 };
  for (const [name, types] of Object.entries(consumers)) {
    const filter_subjects = types.map((type) => `events.${type}`);
    await insistently(() =>
      jsm.consumers.add('events', { ...common, durable_name: name, filter_subjects, max_deliver: 3 }),
    );
  }
  await insistently(() => jsm.consumers.add('events-advisories', { ...common, durable_name: 'router' }));
  const words = [
    program,
    nodes.map(({ url }) => url).join(','),
    pathToFileURL(join(project.folder, 'handler.mjs')).href,
  ];
  const env = { ...project.env, CHAOS_MAIN_ATTEMPTS: '3' };
  const workers = supervise({
    count: 2,
    folder,
    start: (stdio) => spawn(process.execPath, words, { env, stdio }),
  });
  return { workers, streams: Object.keys(streams) };
}

async function readDead(admin, stored) {
  const idAt = new Map(stored.map(({ seq, id }) => [seq, id]));
  const letters = await readAll(admin, 'events-dlq');
  return letters.map(({ body }) => {
    const { consumer, seq } = JSON.parse(body);
    return { consumer, id: idAt.get(seq), reason: 'exhausted' };
  });
}

export const baseline = { name: 'obvious design', start, readDead };
