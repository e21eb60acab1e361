import { spawn } from 'node:child_process';
import { alternate } from '../harness/alternate.mjs';
import { contend } from '../harness/contender.mjs';
import { bury, config, fillEvents } from '../harness/dead-letters.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { peakRssMb } from '../harness/machine.mjs';
import { bin, withProject } from '../harness/project.mjs';

/** `dlq groups` of a million dead letters, against the client's batched direct gets that only read them. */
export default {
  name: 'groups',
  async run({ server, runs, quick }) {
    const count = quick ? 20_000 : 1_000_000;
    const files = { 'handler.mjs': 'export default () => {};\n' };
    return withProject(server, { config, files }, async (project) => {
      await project.cli('pipeline', 'apply', '--yes');
      await bury(server, await fillEvents(server, count));
      const { ours, ceiling, all } = await alternate(runs, {
        ours: async () => {
          const { seconds, ...rest } = await groups(project, count);
          return { rate: count / seconds, ...rest };
        },
        ceiling: () => contend(new URL('list.mjs', import.meta.url).href, 'getBatch', { ...server, count }),
      });
      const gates = [
        { to: 'getBatch', value: ours.rate / ceiling, atLeast: 0.5, aim: 0.8 },
        { to: 'RSS', value: ours.rssMb, atMost: 200, aim: 120, unit: ' MB' },
      ];
      const path = `dlq groups of ${count.toLocaleString('en-US')}`;
      return [{ path, unit: 'dead letters/s', ours: ours.rate, ceiling, gates, all }];
    });
  },
};

/** The whole command, from its start to its end. */
function groups({ folder, env }, count) {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const child = spawn(process.execPath, [bin, 'dlq', 'groups', '--json'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    let rssMb = 0;
    const timer = setInterval(() => {
      rssMb = Math.max(rssMb, peakRssMb(child.pid));
    }, 50);
    child.stdout.on('data', (chunk) => {
      text += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      try {
        const { total, letters } = JSON.parse(text);
        expectEndState('dlq groups', { code, total, letters }, { code: 0, total: 3, letters: count });
        resolve({ seconds: (performance.now() - startedMs) / 1000, rssMb });
      } catch (error) {
        reject(error);
      }
    });
  });
}
