import { spawn } from 'node:child_process';
import { config, fillEvents, park, resolvedEach } from '../harness/dead-letters.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { peakRssMb } from '../harness/machine.mjs';
import { bin, profiled, withProject } from '../harness/project.mjs';

/** `pipeline verify` of very many events that wait for their retry, each with three records in the journal. */
export default {
  name: 'verify',
  async run({ server, runs, quick }) {
    const count = quick ? 5000 : 100_000;
    const files = { 'handler.mjs': 'export default () => {};\n' };
    return withProject(server, { config, files }, async (project) => {
      await project.cli('pipeline', 'apply', '--yes');
      await park(server, await fillEvents(server, count));
      const all = [];
      for (let run = 0; run < Math.min(runs, 3); run++) all.push(await verify(project, count));
      const best = all.toSorted((a, b) => a.seconds - b.seconds)[0];
      const gates = [
        { to: 'seconds', value: best.seconds, atMost: 10, aim: 5, unit: ' s' },
        { to: 'RSS', value: best.rssMb, atMost: 250, aim: 180, unit: ' MB' },
      ];
      const path = `pipeline verify over ${count.toLocaleString('en-US')} waiting retries`;
      return [{ path, unit: 'records/s', ours: (count * 3) / best.seconds, gates, all }];
    });
  },
};

/** The whole command, from its start to its end. */
function verify({ folder, env }, count) {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const words = [...profiled(['verify']), bin, 'pipeline', 'verify', '--json'];
    const child = spawn(process.execPath, words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let rssMb = 0;
    const timer = setInterval(() => {
      rssMb = Math.max(rssMb, peakRssMb(child.pid));
    }, 50);
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      try {
        const { checked, problems } = JSON.parse(text);
        const waiting = count - Math.floor(count / resolvedEach);
        const expected = { code: 0, problems: [], pointers: waiting, originals: waiting, exhaustions: count };
        expectEndState('pipeline verify', { code, problems, ...checked }, expected);
        resolve({ seconds: (performance.now() - startedMs) / 1000, rssMb });
      } catch (error) {
        reject(error);
      }
    });
  });
}
