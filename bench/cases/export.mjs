import { spawn } from 'node:child_process';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { alternate } from '../harness/alternate.mjs';
import { contend } from '../harness/contender.mjs';
import { bury, config, consumer, fillEvents } from '../harness/dead-letters.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { peakRssMb } from '../harness/machine.mjs';
import { bin, withProject } from '../harness/project.mjs';

/**
 * `dlq export --with-data` of a million dead letters, against the client's batched direct gets that only read both
 * streams, one after the other. EXPORT_COUNT is another number of them.
 */
export default {
  name: 'export',
  async run({ server, runs, quick }) {
    const count = Number(process.env.EXPORT_COUNT ?? (quick ? 20_000 : 1_000_000));
    const files = { 'handler.mjs': 'export default () => {};\n' };
    return withProject(server, { config, files }, async (project) => {
      await project.cli('pipeline', 'apply', '--yes');
      await bury(server, await fillEvents(server, count));
      const figures = await alternate(runs, {
        ours: async () => {
          const { seconds, ...rest } = await exportAll(project, count);
          return { rate: count / seconds, ...rest };
        },
        ceiling: () => contend(import.meta.url, 'readBoth', { ...server, count }),
      });
      const { ours, ceiling, all } = figures;
      const gates = [
        { to: 'reading both', value: ours.rate / ceiling, atLeast: 0.3, aim: 0.6 },
        { to: 'RSS', value: ours.rssMb, atMost: 300, aim: 200, unit: ' MB' },
      ];
      const path = `dlq export --with-data of ${count.toLocaleString('en-US')}`;
      return [{ path, unit: 'rows/s', ours: ours.rate, ceiling, gates, all }];
    });
  },
};

/** The whole command, from its start to its end. */
function exportAll({ folder, env }, count) {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const words = [bin, 'dlq', 'export', '--with-data'];
    const child = spawn(process.execPath, words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
    let lines = 0;
    let end = '';
    let rssMb = 0;
    const timer = setInterval(() => {
      rssMb = Math.max(rssMb, peakRssMb(child.pid));
    }, 50);
    child.stdout.on('data', (chunk) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
      end = (end + chunk.toString('latin1')).slice(-4000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      try {
        const last = JSON.parse(end.trim().split('\n').at(-1));
        const found = { code, lines, last: last.id, data: last.event.data.length };
        expectEndState('dlq export', found, {
          code: 0,
          lines: count,
          last: `${consumer}/${count}`,
          data: 256,
        });
        resolve({ seconds: (performance.now() - startedMs) / 1000, rssMb });
      } catch (error) {
        reject(error);
      }
    });
  });
}

export async function readBoth({ url, count }) {
  const nc = await connect({ servers: url });
  const jsm = await jetstreamManager(nc);
  const read = {};
  const startedMs = performance.now();
  for (const stream of ['events-dlq', 'events']) {
    read[stream] = 0;
    for (let seq = 1; read[stream] < count; ) {
      for await (const message of await jsm.direct.getBatch(stream, { seq, batch: 1000 })) {
        read[stream]++;
        seq = message.seq + 1;
      }
    }
  }
  const seconds = (performance.now() - startedMs) / 1000;
  await nc.close();
  expectEndState('readBoth', read, { 'events-dlq': count, events: count });
  return count / seconds;
}
