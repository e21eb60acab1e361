import { configOf, consumer, countingHandler, pour, settled } from '../harness/counting.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { runPipelineProcess } from '../harness/pipeline.mjs';
import { processorMs } from '../harness/processor-time.mjs';
import { withProject } from '../harness/project.mjs';
import { withManager } from '../harness/streams.mjs';

const measured = 50_000;
const config = configOf({ concurrency: 256, start: 'new' });
const handler = countingHandler();

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
