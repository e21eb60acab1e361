import { setTimeout as sleep } from 'node:timers/promises';
import { expectEndState } from '../harness/end-state.mjs';
import { runPipelineProcess } from '../harness/pipeline.mjs';
import { processorMs } from '../harness/processor-time.mjs';
import { withProject } from '../harness/project.mjs';
import { withManager } from '../harness/streams.mjs';
import { fill } from '../raw/publish.mjs';

const consumer = 'bench-consumer';
const measured = 50_000;
const config = {
  name: 'bench',
  consumers: {
    [consumer]: { subjects: ['events.bench.>'], handler: './handler.mjs', concurrency: 256, start: 'new' },
  },
};
const handler = `
let calls = 0;
process.on('message', () => process.send({ calls }));
export default async () => {
  if (calls++ === 0) process.send({ firstAt: performance.timeOrigin + performance.now() });
};
`;

/** Does an event cost more when more are stored? Publishing and handling on top of 10 thousand to 1 million. */
export default {
  name: 'growth',
  growth: true,
  async run({ server, quick, say }) {
    return withProject(server, { config, files: { 'handler.mjs': handler } }, async (project) => {
      const rows = [];
      let stored = 0;
      await project.cli('pipeline', 'apply', '--yes');
      for (const wanted of quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000]) {
        await pour(server, wanted - stored);
        say(`${wanted} stored`);
        await withManager(server, (jsm) => jsm.consumers.delete('events', consumer));
        await project.cli('pipeline', 'apply', '--yes');
        const publishing = await timed([server.pid], () => pour(server, measured));
        const handling = await runPipelineProcess(project, async ({ firstAt, ask, child }) => {
          await firstAt;
          const spent = await timed([server.pid, child.pid], () => settled(server));
          expectEndState('pipeline run', await ask(), { calls: measured });
          return spent;
        });
        stored = wanted + measured;
        const at = `${wanted.toLocaleString('en-US')} stored`;
        const row = (path, { micros, processor: [serverMicros, ourMicros] }) => {
          const ours = ourMicros === undefined ? '' : `, ours ${ourMicros.toFixed(1)}`;
          const note = `processor time: server ${serverMicros.toFixed(1)}${ours}`;
          rows.push({ path: `${path}, ${at}`, unit: 'µs', ours: micros, gates: [], note });
        };
        row('publish (raw)', publishing);
        row('pipeline run', handling);
      }
      return rows;
    });
  },
};

/** What an event took, in µs: of time, and of the processors by each of these processes. */
async function timed(pids, work) {
  const look = () => ({ at: performance.now(), processor: pids.map((pid) => processorMs(pid)) });
  const from = look();
  await work();
  const to = look();
  const microsOf = (ms) => (ms / measured) * 1000;
  return {
    micros: microsOf(to.at - from.at),
    processor: to.processor.map((ms, index) => microsOf(ms - from.processor[index])),
  };
}

async function pour(server, count) {
  return fill(server.port, count, () => ({ subject: 'events.bench.made', payload: 'x'.repeat(256) }));
}

async function settled(server) {
  await withManager(server, async (jsm) => {
    for (;;) {
      const info = await jsm.consumers.info('events', consumer);
      if (info.num_pending === 0 && info.num_ack_pending === 0) return;
      await sleep(5);
    }
  });
}
