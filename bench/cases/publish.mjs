import { randomUUID } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { alternate } from '../harness/alternate.mjs';
import { contend } from '../harness/contender.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { rateRow } from '../harness/report.mjs';
import { freshStream, streamState } from '../harness/streams.mjs';

const subject = 'events.bench.published';
const rawPublish = new URL('../raw/publish.mjs', import.meta.url);

/** The library's publisher, windowed, against a raw socket and against `js.publish` with 256 in flight. */
export default {
  name: 'publish',
  async run({ server, runs, quick }) {
    // Long enough that compiling the code, about 0.2 s, counts little.
    const count = quick ? 100_000 : 400_000;
    const plainCount = quick ? 20_000 : 100_000;
    const contender = (file, name, total) => async () => {
      await freshStream(server, { name: 'events', subjects: ['events.>'] });
      const rate = await contend(file, name, { ...server, subject, count: total });
      expectEndState(`${name} of ${total}`, await streamState(server, 'events'), {
        messages: total,
        lastSeq: total,
      });
      return rate;
    };
    const figures = await alternate(runs, {
      ours: contender(import.meta.url, 'libraryPublish', count),
      ceiling: contender(rawPublish, 'rawPublish', count),
      plain: contender(import.meta.url, 'clientPublish', plainCount),
    });
    return [
      rateRow({
        path: 'publish, windowed',
        unit: 'events/s',
        figures,
        ceilingGate: { atLeast: 0.4, aim: 0.6 },
        plainGate: { atLeast: 3, aim: 5 },
      }),
    ];
  },
};

const payload = new Uint8Array(256).fill(120);

export async function libraryPublish({ url, count, id = 'bench' }) {
  const { connect: connectLibrary, Publisher } = await import('../../dist/lib/index.js');
  const link = await connectLibrary({ servers: [url], source: 'bench', name: 'bench', timeoutMs: 5000 });
  const streams = { events: { name: 'events', subjects: ['events.>'] } };
  const publisher = new Publisher({
    link,
    config: { events: [], eventsRoot: 'events', streams },
    clock: { uuid: randomUUID },
  });
  const startedMs = performance.now();
  const { count: stored, duplicates } = await publisher.publishMany(events(count, id));
  const seconds = (performance.now() - startedMs) / 1000;
  await link.close();
  expectEndState('publishMany', { stored, duplicates }, { stored: count, duplicates: 0 });
  return count / seconds;
}

function* events(count, id) {
  for (let i = 1; i <= count; i++) yield { type: subject, data: payload, id: `${id}-${i}` };
}

export async function clientPublish({ url, count, inFlight = 256 }) {
  const nc = await connect({ servers: url });
  const js = jetstream(nc);
  let sent = 0;
  const lane = async () => {
    while (sent < count) {
      sent++;
      await js.publish(subject, payload);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (performance.now() - startedMs) / 1000;
  await nc.close();
  return count / seconds;
}
