import { setTimeout as sleep } from 'node:timers/promises';
import { expectEndState } from '../harness/end-state.mjs';
import { runPipelineProcess } from '../harness/pipeline.mjs';
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
        const published = await pour(server, measured);
        const handled = await runPipelineProcess(project, async ({ firstAt, ask }) => {
          const startedAt = await firstAt;
          await settled(server);
          const seconds = (performance.timeOrigin + performance.now() - startedAt) / 1000;
          expectEndState('pipeline run', await ask(), { calls: measured });
          return measured / seconds;
        });
        stored = wanted + measured;
        const micros = (rate) => 1e6 / rate;
        const at = `${wanted.toLocaleString('en-US')} stored`;
        rows.push({ path: `publish (raw), ${at}`, unit: 'µs', ours: micros(published), gates: [] });
        rows.push({ path: `pipeline run, ${at}`, unit: 'µs', ours: micros(handled), gates: [] });
      }
      return rows;
    });
  },
};

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
