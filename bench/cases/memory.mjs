import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { configOf, countingHandler, pour, settled } from '../harness/counting.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { runPipelineProcess } from '../harness/pipeline.mjs';
import { withProject } from '../harness/project.mjs';

const config = configOf({ concurrency: 256 });
const handler = countingHandler();

/** What a `pipeline run` process takes: after its first event with nothing to do, and at most while it is busy. */
export default {
  name: 'memory',
  async run({ server, quick }) {
    const count = quick ? 20_000 : 500_000;
    return withProject(server, { config, files: { 'handler.mjs': handler } }, async (project) => {
      await project.cli('pipeline', 'apply', '--yes');
      return runPipelineProcess(project, async ({ firstAt, ask, child }) => {
        await pour(server, 1);
        await firstAt;
        await sleep(1000);
        const idle = rssMb(child.pid);
        let busy = idle;
        const watching = setInterval(() => {
          busy = Math.max(busy, rssMb(child.pid));
        }, 20);
        try {
          await pour(server, count);
          await settled(server);
        } finally {
          clearInterval(watching);
        }
        expectEndState('pipeline run', await ask(), { calls: count + 1 });
        const row = (path, ours, note) => ({ path, unit: 'MB', ours, gates: [], note });
        return [
          row('pipeline run, idle, RSS', idle),
          row('pipeline run, busy, RSS', busy, `${count.toLocaleString('en-US')} events`),
        ];
      });
    });
  },
};

/** Resident memory as Linux counts it; elsewhere not known. */
function rssMb(pid) {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(kilobytes?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
