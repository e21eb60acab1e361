import { setTimeout as sleep } from 'node:timers/promises';
import { alternate } from '../harness/alternate.mjs';
import { contend } from '../harness/contender.mjs';
import { consumer, fillEvents } from '../harness/dead-letters.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { runPipelineProcess } from '../harness/pipeline.mjs';
import { withProject } from '../harness/project.mjs';
import { rateRow } from '../harness/report.mjs';
import { freshStream, streamState, withManager } from '../harness/streams.mjs';

const rawPublish = new URL('../raw/publish.mjs', import.meta.url);

const config = {
  name: 'bench',
  consumers: {
    [consumer]: {
      subjects: ['events.bench.>'],
      handler: './handler.mjs',
      concurrency: 256,
      attempts: 1,
      retry: { delay: '0s', attempts: 1 },
    },
  },
};

/** Tells the parent when it is first called, and when asked, how often it was called in each stage. */
const handler = `
const calls = { main: 0, retry: 0 };
process.on('message', () => process.send({ calls }));
export default async (event, { stage }) => {
  if (calls.main + calls.retry === 0) process.send({ firstAt: performance.timeOrigin + performance.now() });
  calls[stage]++;
  throw new Error('the mail server is down');
};
`;

/** Events that fail for ever: one attempt in main, one in retry, then the DLQ, all journaled; against a raw publish. */
export default {
  name: 'exhaust',
  async run({ server, runs, quick }) {
    const count = quick ? 2000 : 60_000;
    return withProject(server, { config, files: { 'handler.mjs': handler } }, async (project) => {
      const streams = ['events', 'events-retry', 'events-dlq', 'events-advisories'];
      const figures = await alternate(runs, {
        ours: async () => {
          await withManager(server, async (jsm) => {
            for (const name of streams) await jsm.streams.delete(name).catch(() => {});
          });
          await project.cli('pipeline', 'apply', '--yes');
          await fillEvents(server, count);
          const work = async ({ firstAt, ask }) => {
            const startedAt = await firstAt;
            const endAt = await allDead(server, count);
            expectEndState('handlers', await ask(), { calls: { main: count, retry: count } });
            return (count / (endAt - startedAt)) * 1000;
          };
          const rate = await runPipelineProcess(project, work, ['--log-level', 'silent']);
          const found = {
            retry: (await streamState(server, 'events-retry')).messages,
            dlq: (await streamState(server, 'events-dlq')).messages,
            // Two exhaustions, each with the failure of its attempt, and two routings.
            journal: (await streamState(server, 'events-advisories')).messages,
          };
          expectEndState('exhausted', found, { retry: 0, dlq: count, journal: 4 * count });
          return rate;
        },
        ceiling: async () => {
          // As many as in publish.mjs: it is the same ceiling.
          const total = quick ? 100_000 : 400_000;
          await freshStream(server, { name: 'published', subjects: ['published.>'] });
          const rate = await contend(rawPublish, 'rawPublish', {
            ...server,
            subject: 'published.made',
            count: total,
          });
          const { messages } = await streamState(server, 'published');
          expectEndState('rawPublish', { messages }, { messages: total });
          return rate;
        },
      });
      return [
        rateRow({
          path: 'exhausting events into the DLQ',
          unit: 'events/s',
          figures,
          ceilingGate: { atLeast: 0.012, aim: 0.025 },
        }),
      ];
    });
  },
};

/** Waits until every event is a dead letter and routed; gives when, in ms since 1970. */
async function allDead(server, count) {
  return withManager(server, async (jsm) => {
    for (;;) {
      const dlq = (await jsm.streams.info('events-dlq')).state.messages;
      const { messages } = (await jsm.streams.info('events-advisories')).state;
      if (dlq >= count && messages >= 4 * count) return performance.timeOrigin + performance.now();
      // Each look costs the server as much as a dead letter.
      await sleep(100);
    }
  });
}
