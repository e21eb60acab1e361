import { spawn } from 'node:child_process';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { alternate } from '../harness/alternate.mjs';
import { contend } from '../harness/contender.mjs';
import { bury, config, consumer, fillEvents } from '../harness/dead-letters.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { peakRssMb } from '../harness/machine.mjs';
import { bin, withProject } from '../harness/project.mjs';

/** `dlq list` of a million dead letters as NDJSON, against the client's batched direct gets that only read them. */
export default {
  name: 'list',
  async run({ server, runs, quick }) {
    const count = quick ? 20_000 : 1_000_000;
    const files = { 'handler.mjs': 'export default () => {};\n' };
    return withProject(server, { config, files }, async (project) => {
      await project.cli('pipeline', 'apply', '--yes');
      await bury(server, await fillEvents(server, count));
      const figures = await alternate(runs, {
        ours: async () => {
          const { seconds, ...rest } = await list(project, count);
          return { rate: count / seconds, ...rest };
        },
        ceiling: () => contend(import.meta.url, 'getBatch', { ...server, count }),
      });
      const { ours, ceiling, all } = figures;
      const gates = [
        { to: 'getBatch', value: ours.rate / ceiling, atLeast: 0.5, aim: 0.8 },
        { to: 'RSS', value: ours.rssMb, atMost: 200, aim: 120, unit: ' MB' },
        { to: 'first line', value: ours.firstSeconds, atMost: 0.5, aim: 0.2, unit: ' s' },
      ];
      const path = `dlq list of ${count.toLocaleString('en-US')} as NDJSON`;
      return [{ path, unit: 'rows/s', ours: ours.rate, ceiling, gates, all }];
    });
  },
};

/** The whole command, from its start to its end. */
function list({ folder, env }, count) {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const since = () => (performance.now() - startedMs) / 1000;
    const words = [bin, 'dlq', 'list', '--limit', String(count), '--output', 'ndjson'];
    const child = spawn(process.execPath, words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
    let firstSeconds = 0;
    let lines = 0;
    let end = '';
    let rssMb = 0;
    const look = () => {
      rssMb = Math.max(rssMb, peakRssMb(child.pid));
    };
    const timer = setInterval(look, 50);
    child.stdout.on('data', (chunk) => {
      firstSeconds ||= since();
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
      end = (end + chunk.toString('latin1')).slice(-2000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      try {
        const last = JSON.parse(end.trim().split('\n').at(-1));
        const found = { code, lines, last: last.id, original: last.original };
        expectEndState('dlq list', found, {
          code: 0,
          lines: count,
          last: `${consumer}/${count}`,
          original: 'present',
        });
        resolve({ seconds: since(), firstSeconds, rssMb });
      } catch (error) {
        reject(error);
      }
    });
  });
}

export async function getBatch({ url, count }) {
  const nc = await connect({ servers: url });
  const jsm = await jetstreamManager(nc);
  let read = 0;
  const startedMs = performance.now();
  for (let seq = 1; read < count; ) {
    for await (const message of await jsm.direct.getBatch('events-dlq', { seq, batch: 1000 })) {
      read++;
      seq = message.seq + 1;
    }
  }
  const seconds = (performance.now() - startedMs) / 1000;
  await nc.close();
  expectEndState('getBatch', { read }, { read: count });
  return count / seconds;
}
