import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { alternate } from '../harness/alternate.mjs';
import { contend } from '../harness/contender.mjs';
import { bury, clear, config, fillEvents, fillPointers } from '../harness/dead-letters.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { withProject } from '../harness/project.mjs';
import { rateRow } from '../harness/report.mjs';
import { freshStream, streamState, withManager } from '../harness/streams.mjs';

const rawMove = new URL('../raw/move.mjs', import.meta.url);

/**
 * `dlq replay --all` as a whole command: selection, plan, checks of original and journal, pointer, journal record and
 * removal. Against a raw move of the same messages from stream to stream, and against get, publish and delete with
 * the client, one by one, which check nothing and journal nothing.
 */
export default {
  name: 'replay',
  async run({ server, runs, quick }) {
    const count = quick ? 5000 : 100_000;
    const plainCount = quick ? 1000 : 10_000;
    const files = { 'handler.mjs': 'export default () => {};\n' };
    return withProject(server, { config, files }, async (project) => {
      await project.cli('pipeline', 'apply', '--yes');
      const times = await fillEvents(server, count);
      const prepared = async () => {
        await clear(server, project);
        await bury(server, times);
      };
      const figures = await alternate(runs, {
        ours: async () => {
          await prepared();
          const startedMs = performance.now();
          const words = ['--all', '--yes', '--rate', '0', '--json'];
          const { replayed, skipped } = JSON.parse(await project.cli('dlq', 'replay', ...words));
          const seconds = (performance.now() - startedMs) / 1000;
          const found = {
            replayed,
            skipped,
            dlq: (await streamState(server, 'events-dlq')).messages,
            retry: (await streamState(server, 'events-retry')).messages,
            journal: (await streamState(server, 'events-advisories')).messages,
          };
          const journal = 2 * count;
          expectEndState('dlq replay', found, {
            replayed: count,
            skipped: [],
            dlq: 0,
            retry: count,
            journal,
          });
          return count / seconds;
        },
        ceiling: async () => {
          await freshStream(server, { name: 'moved', subjects: ['moved.>'], max_msgs_per_subject: 1 });
          await freshStream(server, { name: 'moving', subjects: ['moving.>'], retention: 'workqueue' });
          await fillPointers(server, times, 'moving');
          await withManager(server, (jsm) =>
            jsm.consumers.add('moving', {
              durable_name: 'mover',
              ack_policy: 'explicit',
              max_ack_pending: -1,
            }),
          );
          const options = { ...server, from: 'moving', consumer: 'mover', to: 'moved', count };
          const rate = await contend(rawMove, 'rawMove', options);
          await emptied(server, 'moving');
          const found = {
            moved: (await streamState(server, 'moved')).messages,
            left: (await streamState(server, 'moving')).messages,
          };
          expectEndState('raw move', found, { moved: count, left: 0 });
          await withManager(server, async (jsm) => {
            for (const name of ['moving', 'moved']) await jsm.streams.delete(name);
          });
          return rate;
        },
        plain: async () => {
          await prepared();
          const rate = await contend(import.meta.url, 'oneByOne', { ...server, count: plainCount });
          const found = {
            moved: (await streamState(server, 'events-retry')).messages,
            left: (await streamState(server, 'events-dlq')).messages,
          };
          expectEndState('one by one', found, { moved: plainCount, left: count - plainCount });
          return rate;
        },
      });
      return [
        rateRow({
          path: `dlq replay of ${count.toLocaleString('en-US')}`,
          unit: 'events/s',
          figures,
          ceilingGate: { atLeast: 0.08, aim: 0.2 },
          plainGate: { atLeast: 4, aim: 10 },
        }),
      ];
    });
  },
};

/** The server removes what is acknowledged in its own time; that is not counted against the ceiling. */
async function emptied(server, stream) {
  const endMs = performance.now() + 30_000;
  while ((await streamState(server, stream)).messages > 0 && performance.now() < endMs) await sleep(20);
}

export async function oneByOne({ url, count }) {
  const nc = await connect({ servers: url });
  const jsm = await jetstreamManager(nc);
  const js = jetstream(nc);
  const { first_seq: first } = (await jsm.streams.info('events-dlq')).state;
  const startedMs = performance.now();
  for (let seq = first; seq < first + count; seq++) {
    const message = await jsm.streams.getMessage('events-dlq', { seq });
    await js.publish(message.subject.replace('events-dlq', 'events-retry'), message.data, {
      headers: message.header,
    });
    await jsm.streams.deleteMessage('events-dlq', message.seq, false);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  await nc.close();
  return count / seconds;
}
