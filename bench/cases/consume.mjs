import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { alternate } from '../harness/alternate.mjs';
import { contend } from '../harness/contender.mjs';
import { configOf, consumer, countingHandler } from '../harness/counting.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { withProject } from '../harness/project.mjs';
import { rateRow } from '../harness/report.mjs';
import { runPipelineProcess } from '../harness/pipeline.mjs';
import { withManager } from '../harness/streams.mjs';
import { fill } from '../raw/publish.mjs';

const rawConsume = new URL('../raw/consume.mjs', import.meta.url);

const config = configOf({ concurrency: 256 });

const handler = countingHandler();

/** `pipeline run` as it is, against a raw socket and against the client's own iterator with acks. */
export default {
  name: 'consume',
  async run({ server, runs, quick }) {
    const count = quick ? 60_000 : 200_000;
    return withProject(server, { config, files: { 'handler.mjs': handler } }, async (project) => {
      await project.cli('pipeline', 'apply', '--yes');
      await fill(server.port, count, (i) => ({
        subject: 'events.bench.made',
        headers: [`Nats-Msg-Id: bench-${i}`, 'Event-Type: bench.made'],
        payload: 'x'.repeat(256),
      }));
      const freshConsumer = () =>
        withManager(server, async (jsm) => {
          await jsm.consumers.delete('events', consumer).catch(() => {});
          await jsm.consumers.add('events', {
            durable_name: consumer,
            ack_policy: 'explicit',
            ack_wait: 30_000_000_000,
            max_ack_pending: -1,
          });
        });
      const contender = (file, name) => async () => {
        await freshConsumer();
        const { firstAt, received } = await contend(file, name, {
          ...server,
          stream: 'events',
          consumer,
          count,
        });
        const endAt = await settled(server, count);
        expectEndState(name, { received }, { received: count });
        return (count / (endAt - firstAt)) * 1000;
      };
      const figures = await alternate(runs, {
        ours: async () => {
          await withManager(server, (jsm) => jsm.consumers.delete('events', consumer).catch(() => {}));
          await project.cli('pipeline', 'apply', '--yes');
          return runPipelineProcess(project, async ({ firstAt, ask }) => {
            const startedAt = await firstAt;
            const endAt = await settled(server, count);
            expectEndState('pipeline run', await ask(), { calls: count });
            return (count / (endAt - startedAt)) * 1000;
          });
        },
        ceiling: contender(rawConsume, 'rawConsume'),
        plain: contender(import.meta.url, 'clientConsume'),
      });
      return [
        rateRow({
          path: 'pipeline run, no-op handler, 256 at a time',
          unit: 'events/s',
          figures,
          ceilingGate: { atLeast: 0.3, aim: 0.6 },
          plainGate: { atLeast: 0.9, aim: 1.5 },
        }),
      ];
    });
  },
};

/** Waits until the server has every ack; gives when, in ms since 1970. No message may have been delivered twice. */
async function settled(server, count) {
  return withManager(server, async (jsm) => {
    for (;;) {
      const info = await jsm.consumers.info('events', consumer);
      if (info.num_pending === 0 && info.num_ack_pending === 0 && info.delivered.stream_seq === count) {
        const endAt = performance.timeOrigin + performance.now();
        const found = { floor: info.ack_floor.stream_seq, deliveries: info.delivered.consumer_seq };
        expectEndState('acks', found, { floor: count, deliveries: count });
        return endAt;
      }
      await sleep(5);
    }
  });
}

export async function clientConsume({ url, stream, consumer: name, count }) {
  const nc = await connect({ servers: url });
  const messages = await (await jetstream(nc).consumers.get(stream, name)).consume({ max_messages: 1000 });
  let received = 0;
  let firstAt = 0;
  for await (const message of messages) {
    if (received++ === 0) firstAt = performance.timeOrigin + performance.now();
    message.ack();
    if (received === count) break;
  }
  await nc.flush();
  await nc.close();
  return { firstAt, received };
}
