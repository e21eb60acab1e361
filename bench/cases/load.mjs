import { alternate } from '../harness/alternate.mjs';
import { contend } from '../harness/contender.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { rateRow } from '../harness/report.mjs';
import { freshStream, streamState } from '../harness/streams.mjs';

const publishCase = new URL('publish.mjs', import.meta.url);

/** `events load --rate max`, which measures each event, against `publishMany`, which only counts. */
export default {
  name: 'load',
  async run({ server, runs, quick }) {
    const durationMs = quick ? 2000 : 5000;
    const count = quick ? 100_000 : 400_000;
    const streams = () => freshStream(server, { name: 'events', subjects: ['events.>'] });
    const figures = await alternate(runs, {
      ours: async () => {
        await streams();
        const { rate, stored } = await contend(import.meta.url, 'load', { ...server, durationMs });
        expectEndState('events load', await streamState(server, 'events'), {
          messages: stored,
          lastSeq: stored,
        });
        return rate;
      },
      plain: async () => {
        await streams();
        return contend(publishCase, 'libraryPublish', {
          ...server,
          subject: 'events.bench.published',
          count,
        });
      },
    });
    return [
      rateRow({
        path: '`events load --rate max`, compared with `publishMany`',
        unit: 'events/s',
        figures,
        plainGate: { atLeast: 0.9, aim: 1 },
      }),
    ];
  },
};

export async function load({ url, durationMs }) {
  const { openPipeline } = await import('../../dist/lib/index.js');
  const config = { name: 'bench', consumers: {} };
  const pipeline = await openPipeline({ config, server: url });
  const { stored, sent, errors, rate } = await pipeline.loadEvents({
    rate: 'max',
    durationMs,
    sizeBytes: 256,
  });
  await pipeline.close();
  expectEndState('events load', { stored, errors }, { stored: sent, errors: 0 });
  return { stored, rate };
}
