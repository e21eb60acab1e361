import { setTimeout as sleep } from 'node:timers/promises';
import { alternate } from '../harness/alternate.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { runPipelineProcess } from '../harness/pipeline.mjs';
import { withProject } from '../harness/project.mjs';
import { withManager } from '../harness/streams.mjs';
import { versionAtLeast } from '../../dist/lib/nats/server-version.js';
import { fill } from '../raw/publish.mjs';

const consumer = 'bench-consumer';
const config = {
  name: 'bench',
  consumers: { [consumer]: { subjects: ['events.bench.>'], handler: './handler.mjs', concurrency: 64 } },
};
const handler = `
let calls = 0;
process.on('message', () => process.send({ calls }));
export default async () => {
  if (calls++ === 0) process.send({ firstAt: performance.timeOrigin + performance.now() });
  await new Promise((resolve) => setTimeout(resolve, 5));
};
`;

/** Two `pipeline run` processes beside one, with handlers that wait 5 ms, 64 at a time; four are shown too. */
export default {
  name: 'processes',
  async run({ server, runs, quick }) {
    const count = quick ? 20_000 : 60_000;
    return withProject(server, { config, files: { 'handler.mjs': handler } }, async (project) => {
      await project.cli('pipeline', 'apply', '--yes');
      const rateOf = (processes) => () => measure(server, project, processes, count);
      const figures = await alternate(runs, {
        one: rateOf(1),
        two: rateOf(2),
        ...(quick ? {} : { four: rateOf(4) }),
      });
      const row = (path, ours, gates) => ({ path, unit: 'events/s', ours, ceiling: figures.one, gates });
      const gate = { to: 'one process', value: figures.two / figures.one, atLeast: 1.8, aim: 1.95 };
      return [
        row('2 × pipeline run, handler of 5 ms, 64 at a time', figures.two, [gate]),
        ...(quick ? [] : [row('4 × pipeline run', figures.four, [])]),
      ];
    });
  },
};

/** The rate from when all processes have had their first event until none is left. */
async function measure(server, project, processes, count) {
  await withManager(server, (jsm) => jsm.consumers.delete('events', consumer).catch(() => {}));
  await withManager(server, (jsm) => jsm.streams.purge('events'));
  await project.cli('pipeline', 'apply', '--yes');
  const prime = 64 * 4 * processes;
  const started = [];
  return runSeveral(project, processes, async (all) => {
    // Each has its first events before the clock starts, so that no process's start-up is measured.
    for (const { firstAt } of all) started.push(firstAt);
    await pour(server, prime);
    while (!(await within(Promise.all(started), 500))) await pour(server, prime);
    await settled(server);
    const before = await handled(all);
    const resume = await pause(server);
    await pour(server, count);
    const startedMs = performance.now();
    await resume();
    await settled(server);
    const seconds = (performance.now() - startedMs) / 1000;
    expectEndState('all processes together', { handled: (await handled(all)) - before }, { handled: count });
    return count / seconds;
  });
}

/** Holds deliveries back, so that filling the stream is not measured; servers below 2.11 can't. */
async function pause(server) {
  if (!versionAtLeast(server.version, '2.11.0')) return async () => {};
  const until = (ms) =>
    withManager(server, (jsm) => jsm.consumers.pause('events', consumer, new Date(Date.now() + ms)));
  await until(600_000);
  return () => withManager(server, (jsm) => jsm.consumers.resume('events', consumer));
}

async function pour(server, count) {
  await fill(server.port, count, () => ({ subject: 'events.bench.made', payload: 'x'.repeat(256) }));
}

async function handled(all) {
  const answers = await Promise.all(all.map(({ ask }) => ask()));
  return answers.reduce((sum, { calls }) => sum + calls, 0);
}

async function within(promise, ms) {
  return Promise.race([promise.then(() => true), sleep(ms, false)]);
}

async function runSeveral(project, processes, work, all = []) {
  if (all.length === processes) return work(all);
  return runPipelineProcess(project, (one) => runSeveral(project, processes, work, [...all, one]));
}

async function settled(server) {
  await withManager(server, async (jsm) => {
    for (;;) {
      const info = await jsm.consumers.info('events', consumer);
      if (info.num_pending === 0 && info.num_ack_pending === 0) {
        expectEndState('deliveries', { redelivered: info.num_redelivered }, { redelivered: 0 });
        return;
      }
      await sleep(5);
    }
  });
}
