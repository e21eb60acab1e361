import { setTimeout as sleep } from 'node:timers/promises';
import { alternate } from '../harness/alternate.mjs';
import { configOf, consumer, countingHandler, pour, settled } from '../harness/counting.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { runPipelineProcess } from '../harness/pipeline.mjs';
import { processorMs } from '../harness/processor-time.mjs';
import { withProject } from '../harness/project.mjs';
import { withManager } from '../harness/streams.mjs';
import { versionAtLeast } from '../../dist/lib/internals.js';

/** Events for each process, by which its code is compiled before it is measured. */
const warmUp = 10_000;
const config = configOf({ concurrency: 64 });
const handler = countingHandler('await new Promise((resolve) => setTimeout(resolve, 5));');

const shown = {
  one: 'pipeline run, handler of 5 ms, 64 at a time',
  two: '2 × pipeline run',
  four: '4 × pipeline run',
};

/** `one`: the figures of one process, where these are not its own. */
function rowsOf(path, { rate, ourMicros, serverMicros }, one, gates) {
  const note = `ours ${ourMicros.toFixed(1)}, server ${serverMicros.toFixed(1)}`;
  return [
    { path, unit: 'events/s', ours: rate, ceiling: one?.rate, gates },
    { path: `${path}: processor time`, unit: 'µs/event', ours: ourMicros + serverMicros, gates: [], note },
  ];
}

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
      const gate = { to: 'one process', value: figures.two.rate / figures.one.rate, atLeast: 1.8, aim: 1.95 };
      return Object.entries(shown)
        .filter(([name]) => name in figures)
        .flatMap(([name, path]) =>
          rowsOf(path, figures[name], name === 'one' ? undefined : figures.one, name === 'two' ? [gate] : []),
        );
    });
  },
};

/**
 * The rate between a tenth and nine tenths of the events: all processes run, none starts, and none has run dry.
 * `ourMicros` and `serverMicros`: processor time of an event.
 */
async function measure(server, project, processes, count) {
  await withManager(server, (jsm) => jsm.consumers.delete('events', consumer).catch(() => {}));
  await withManager(server, (jsm) => jsm.streams.purge('events'));
  await project.cli('pipeline', 'apply', '--yes');
  return runSeveral(project, processes, async (all) => {
    const started = Promise.all(all.map(({ firstAt }) => firstAt));
    do await pour(server, 256 * processes);
    while (!(await within(started, 500)));
    await pour(server, warmUp * processes);
    await settled(server);
    const before = await handled(all);
    const resume = await pause(server);
    await pour(server, count);
    await resume();
    const span = await steady(server, all, count);
    await settled(server);
    expectEndState('all processes together', { handled: (await handled(all)) - before }, { handled: count });
    return span;
  });
}

async function steady(server, all, count) {
  const pids = all.map(({ child }) => child.pid);
  return withManager(server, async (jsm) => {
    const look = async () => {
      const info = await jsm.consumers.info('events', consumer);
      const left = info.num_pending + info.num_ack_pending;
      return { left, at: performance.now(), ourMs: processorMs(...pids), serverMs: processorMs(server.pid) };
    };
    const until = async (left) => {
      for (let seen = await look(); ; seen = await look()) {
        if (seen.left <= left) return seen;
        await sleep(5);
      }
    };
    const [from, to] = [await until(count * 0.9), await until(count * 0.1)];
    const done = from.left - to.left;
    return {
      rate: (done / (to.at - from.at)) * 1000,
      ourMicros: ((to.ourMs - from.ourMs) / done) * 1000,
      serverMicros: ((to.serverMs - from.serverMs) / done) * 1000,
    };
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
