import { once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { alternate } from '../harness/alternate.mjs';
import { configOf, consumer, countingHandler, pour, settled } from '../harness/counting.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { runPipelineProcess } from '../harness/pipeline.mjs';
import { withProject } from '../harness/project.mjs';
import { rateRow } from '../harness/report.mjs';
import { withManager } from '../harness/streams.mjs';

const config = configOf({ concurrency: 256 });
const scrapeEveryMs = 1000;

/** `pipeline run` with `--http` and a scrape each second, beside the same without. */
export default {
  name: 'http',
  async run({ server, quick }) {
    // Some seconds of it: the first scrape finds everything cold, and is one of several.
    const count = quick ? 60_000 : 600_000;
    return withProject(server, { config, files: { 'handler.mjs': countingHandler() } }, async (project) => {
      await project.cli('pipeline', 'apply', '--yes');
      await pour(server, count);
      const run = (http) => async () => {
        await withManager(server, (jsm) => jsm.consumers.delete('events', consumer).catch(() => {}));
        await project.cli('pipeline', 'apply', '--yes');
        const port = http ? await freePort() : undefined;
        const words = ['--log-level', 'warn', ...(http ? ['--http', String(port)] : [])];
        return runPipelineProcess(
          project,
          async ({ firstAt, ask }) => {
            const startedAt = await firstAt;
            const stop = http ? scrapeEachSecond(port) : async () => ({ done: 0, failed: 0 });
            await settled(server);
            const endAt = performance.timeOrigin + performance.now();
            const scrapes = await stop();
            expectEndState('pipeline run', await ask(), { calls: count });
            expectEndState('scrapes', { failed: scrapes.failed }, { failed: 0 });
            return (count / (endAt - startedAt)) * 1000;
          },
          words,
        );
      };
      // The first run finds everything cold.
      await run(false)();
      // The machine moves by more than what is looked for: more runs than of other paths, in turn.
      const figures = await alternate(quick ? 1 : 9, { ours: run(true), plain: run(false) });
      return [
        rateRow({
          path: 'pipeline run --http, a scrape each second, beside none',
          unit: 'events/s',
          figures,
          plainGate: { atLeast: 0.99 },
        }),
      ];
    });
  },
};

/** Scrapes from now on; what it returns ends that, and says how many scrapes failed. */
function scrapeEachSecond(port) {
  const counts = { done: 0, failed: 0 };
  let last = Promise.resolve();
  const scrape = async () => {
    try {
      // Cheaper than fetch: this process shares the processors with what is measured.
      const [response] = await once(get(`http://127.0.0.1:${port}/metrics`), 'response');
      if (!(await textOf(response)).includes('plutomi_attempts_total')) throw new Error('no metrics');
      counts.done++;
    } catch {
      counts.failed++;
    }
  };
  const timer = setInterval(() => {
    last = scrape();
  }, scrapeEveryMs);
  last = scrape();
  return async () => {
    clearInterval(timer);
    await last;
    return counts;
  };
}

async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
