import { alternate } from '../harness/alternate.mjs';
import { contend } from '../harness/contender.mjs';
import { bury, clear, config, fillEvents } from '../harness/dead-letters.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { withProject } from '../harness/project.mjs';
import { rateRow } from '../harness/report.mjs';
import { freshStream, streamState, withManager } from '../harness/streams.mjs';

const publishCase = new URL('publish.mjs', import.meta.url);

/**
 * The originals of many dead letters are copied before they age out, all in one look: pointers, journal, originals, the
 * copy and its record. Against `publishMany` of as many events, which is one write each.
 */
export default {
  name: 'rescue',
  async run({ server, runs, quick }) {
    const count = quick ? 5000 : 100_000;
    const files = { 'handler.mjs': 'export default () => {};\n' };
    return withProject(server, { config, files }, async (project) => {
      const prepared = async () => {
        await withManager(server, async (jsm) => {
          for (const stream of ['events', 'events-kept']) await jsm.streams.delete(stream).catch(() => {});
        });
        await clear(server, project);
        await bury(server, await fillEvents(server, count));
      };
      const figures = await alternate(runs, {
        ours: async () => {
          await prepared();
          const options = { ...server, folder: project.folder };
          const rate = await contend(import.meta.url, 'rescueAll', options);
          const found = {
            kept: (await streamState(server, 'events-kept')).messages,
            journal: (await streamState(server, 'events-advisories')).messages,
          };
          expectEndState('rescue', found, { kept: count, journal: 2 * count });
          return rate;
        },
        ceiling: async () => {
          await freshStream(server, { name: 'events', subjects: ['events.>'] });
          return contend(publishCase, 'libraryPublish', { ...server, count });
        },
      });
      return [
        rateRow({
          path: `rescue of ${count.toLocaleString('en-US')} originals`,
          unit: 'events/s',
          figures,
          ceilingGate: { atLeast: 0.3, aim: 0.4 },
        }),
      ];
    });
  },
};

const mostOfTheirLifeMs = 6.5 * 86_400_000;

export async function rescueAll({ url, folder }) {
  const { openPipeline } = await import('../../dist/lib/index.js');
  const { DueScan, EndingStreams, keepOriginals, systemClock } = await import('../../dist/lib/internals.js');
  const clock = { ...systemClock, now: () => Date.now() + mostOfTheirLifeMs };
  const pipeline = await openPipeline({ server: url, cwd: folder, clock });
  const scan = new DueScan(pipeline);
  let kept = 0;
  const startedMs = performance.now();
  for await (const pointers of scan.due(new EndingStreams(pipeline.link))) {
    kept += (await keepOriginals(pipeline, pointers)).kept;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  await pipeline.close();
  return kept / seconds;
}
