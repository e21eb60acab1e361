import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { alternate } from '../harness/alternate.mjs';
import { contend } from '../harness/contender.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { runPipelineProcess } from '../harness/pipeline.mjs';
import { withProject } from '../harness/project.mjs';
import { freshStream, streamState } from '../harness/streams.mjs';

const subject = 'events.bench.timed';
const payload = new Uint8Array(256).fill(120);
const config = {
  name: 'bench',
  consumers: {
    'bench-consumer': { subjects: ['events.bench.>'], handler: './handler.mjs', concurrency: 64 },
  },
};

/** The event carries when it was published; both clocks are this machine's. */
const handler = `
const delays = [];
process.on('message', () => process.send({ delays }));
export default async (event) => {
  delays.push(performance.timeOrigin + performance.now() - Number(event.headers['Sent-At'][0]));
};
`;

/** One publish after the other; and from publish to handler at a steady rate. */
export default {
  name: 'latency',
  async run({ server, runs, quick }) {
    const count = quick ? 500 : 5000;
    const publish = (name) => async () => {
      await freshStream(server, { name: 'events', subjects: ['events.>'] });
      const p50 = await contend(import.meta.url, name, { ...server, count });
      expectEndState(name, await streamState(server, 'events'), { messages: count });
      return p50;
    };
    const figures = await alternate(runs, {
      ours: publish('libraryOneByOne'),
      plain: publish('clientOneByOne'),
    });
    await freshStream(server, { name: 'events', subjects: ['events.>'] });
    return [
      {
        path: 'publish, one by one, p50',
        unit: 'ms',
        ours: figures.ours,
        plain: figures.plain,
        gates: [{ to: 'plain', value: figures.ours / figures.plain, atMost: 1.3, aim: 1.1 }],
      },
      await toHandler(server, runs, quick),
    ];
  },
};

async function toHandler(server, runs, quick) {
  const count = quick ? 1000 : 5000;
  const warmUp = 500;
  return withProject(server, { config, files: { 'handler.mjs': handler } }, async (project) => {
    await project.cli('pipeline', 'apply', '--yes', '--adopt');
    const { ours } = await alternate(runs, {
      ours: () =>
        runPipelineProcess(project, async ({ ask }) => {
          await contend(import.meta.url, 'steadily', { ...server, count: warmUp + count, perSecond: 1000 });
          const delays = await allDelays(ask, warmUp + count);
          const sorted = delays.slice(warmUp).toSorted((a, b) => a - b);
          return { p50: sorted[Math.floor(count * 0.5)], p99: sorted[Math.floor(count * 0.99)] };
        }),
    });
    return {
      path: 'publish to handler at 1,000/s, p50',
      unit: 'ms',
      ours: ours.p50,
      gates: [
        { to: 'p50', value: ours.p50, atMost: 0.5, aim: 0.25, unit: ' ms' },
        { to: 'p99', value: ours.p99, atMost: 5, aim: 3, unit: ' ms' },
      ],
    };
  });
}

async function allDelays(ask, count) {
  for (let tries = 0; tries < 100; tries++) {
    const { delays } = await ask();
    if (delays.length >= count) {
      expectEndState('publish to handler', { handled: delays.length }, { handled: count });
      return delays;
    }
    await sleep(100);
  }
  throw new Error('events did not arrive within 10 s');
}

async function libraryPublisher(url) {
  const { connect: connectLibrary, Publisher } = await import('../../dist/lib/index.js');
  const link = await connectLibrary({ servers: [url], source: 'bench', name: 'bench', timeoutMs: 5000 });
  const streams = { events: { name: 'events', subjects: ['events.>'] } };
  return {
    link,
    publisher: new Publisher({
      link,
      config: { events: [], eventsRoot: 'events', streams },
      clock: { uuid: randomUUID },
    }),
  };
}

export async function libraryOneByOne({ url, count }) {
  const { link, publisher } = await libraryPublisher(url);
  const p50 = await oneByOne(count, () => publisher.publish(subject, payload));
  await link.close();
  return p50;
}

export async function clientOneByOne({ url, count }) {
  const nc = await connect({ servers: url });
  const js = jetstream(nc);
  const p50 = await oneByOne(count, () => js.publish(subject, payload));
  await nc.close();
  return p50;
}

async function oneByOne(count, publish) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const startedMs = performance.now();
    await publish();
    times.push(performance.now() - startedMs);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(count / 2)];
}

export async function steadily({ url, count, perSecond }) {
  const { link, publisher } = await libraryPublisher(url);
  const startedMs = performance.now();
  const sent = [];
  while (sent.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - startedMs) / 1000) * perSecond) + 1);
    while (sent.length < due) {
      const sentAt = String(performance.timeOrigin + performance.now());
      sent.push(publisher.publish(subject, payload, { headers: { 'Sent-At': sentAt } }));
    }
    await sleep(1);
  }
  await Promise.all(sent);
  await link.close();
}
