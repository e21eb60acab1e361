import { spawn } from 'node:child_process';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { alternate } from '../harness/alternate.mjs';
import { contend } from '../harness/contender.mjs';
import { config, fillEvents } from '../harness/dead-letters.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { peakRssMb } from '../harness/machine.mjs';
import { bin, withProject } from '../harness/project.mjs';

/** `events replay --output ndjson` of a million events, against the client's batched direct gets that only read them. */
export default {
  name: 'events-replay',
  async run({ server, runs, quick }) {
    const count = quick ? 20_000 : 1_000_000;
    const files = { 'handler.mjs': 'export default () => {};\n' };
    return withProject(server, { config, files }, async (project) => {
      await project.cli('pipeline', 'apply', '--yes');
      await fillEvents(server, count);
      const figures = await alternate(runs, {
        ours: async () => {
          const { seconds, ...rest } = await replay(project, count);
          return { rate: count / seconds, ...rest };
        },
        ceiling: () => contend(import.meta.url, 'getBatch', { ...server, count }),
      });
      const { ours, ceiling, all } = figures;
      const gates = [
        { to: 'getBatch', value: ours.rate / ceiling, atLeast: 0.5, aim: 0.8 },
        { to: 'RSS', value: ours.rssMb, atMost: 160, aim: 120, unit: ' MB' },
      ];
      const path = `events replay of ${count.toLocaleString('en-US')} as NDJSON`;
      return [{ path, unit: 'events/s', ours: ours.rate, ceiling, gates, all }];
    });
  },
};

/** The whole command, from its start to its end. */
function replay({ folder, env }, count) {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const words = [bin, 'events', 'replay', '--all', '--output', 'ndjson'];
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
        const found = { code, lines, last: last.seq };
        expectEndState('events replay', found, { code: 0, lines: count, last: count });
        resolve({ seconds: (performance.now() - startedMs) / 1000, rssMb });
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
    for await (const message of await jsm.direct.getBatch('events', { seq, batch: 1000 })) {
      read++;
      seq = message.seq + 1;
    }
  }
  const seconds = (performance.now() - startedMs) / 1000;
  await nc.close();
  expectEndState('getBatch', { read }, { read: count });
  return count / seconds;
}
