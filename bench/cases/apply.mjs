import { alternate } from '../harness/alternate.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { withProject } from '../harness/project.mjs';
import { withManager } from '../harness/streams.mjs';

/** `pipeline apply` where nothing is to be done, with 1, 10 and 100 consumers. */
export default {
  name: 'apply',
  async run({ server, runs, quick }) {
    const rows = [];
    for (const consumers of quick ? [100] : [1, 10, 100]) rows.push(await unchanged(server, runs, consumers));
    return rows;
  },
};

async function unchanged(server, runs, consumers) {
  const names = Array.from({ length: consumers }, (_, i) => `bench-${i}-consumer`);
  const settings = { subjects: ['events.bench.>'], handler: './handler.mjs' };
  const config = { name: 'bench', consumers: Object.fromEntries(names.map((name) => [name, settings])) };
  return withProject(server, { config, files: { 'handler.mjs': '' } }, async (project) => {
    await withManager(server, async (jsm) => {
      for await (const { config } of jsm.streams.list()) await jsm.streams.delete(config.name);
    });
    await project.cli('pipeline', 'apply', '--yes');
    const { ours } = await alternate(runs, {
      ours: async () => {
        const startedMs = performance.now();
        const { changes } = JSON.parse(await project.cli('pipeline', 'apply', '--yes', '--json'));
        const seconds = (performance.now() - startedMs) / 1000;
        const kept = changes.filter(({ action }) => action === 'none');
        const changed = changes.length - kept.length;
        const found = { changed, main: kept.filter(({ name }) => names.includes(name)).length };
        expectEndState('apply', found, { changed: 0, main: consumers });
        return seconds;
      },
    });
    const gate = { to: 'seconds', value: ours, atMost: 1, aim: 0.3, unit: ' s' };
    const path = `apply of ${consumers} unchanged consumers, its process included`;
    return { path, unit: 's', ours, gates: consumers === 100 ? [gate] : [] };
  });
}
