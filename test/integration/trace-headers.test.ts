import { expect, onTestFinished, test } from 'vitest';
import { openPipeline } from '../../src/lib/open/open-pipeline.js';
import { tracing } from '../../src/lib/tracing/tracing.js';
import { eventually } from '../support/eventually.js';
import { natsForTest } from '../support/pipeline.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const name = 'notifications-consumer';
const trace = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'vendor=1,other=2',
};

test('where nobody traces, the headers of a trace are carried all the same: by publish, retry and replay', async () => {
  expect(tracing()).toBeUndefined();
  const server = await natsForTest();
  const opened = await openPipeline({
    config: {
      name: 'carried',
      events: { 'job.done': {} },
      consumers: {
        [name]: {
          events: ['job.done'],
          handler: './handler.mjs',
          attempts: 1,
          retry: { delay: '20ms', attempts: 1 },
        },
      },
    },
    cwd: await temporaryFolder(),
    server: server.url,
  });
  onTestFinished(() => opened.close());
  const seen: string[] = [];
  let isMended = false;
  const handler = ({ headers }: { headers: Readonly<Record<string, readonly string[]>> }, at: object) => {
    const { stage, cycle } = at as { stage: string; cycle: number };
    seen.push([stage, cycle, headers['traceparent'], headers['tracestate']].join(' '));
    if (!isMended) throw new Error('not now');
  };
  const handlers = new Map(opened.config.consumers.map((one) => [one.handler, handler]));
  const run = await opened.run({ apply: true, handlers });
  const died: string[] = [];
  run.subscribe(({ id }) => void died.push(id), { types: ['dead-letter'] });
  await opened.publish('job.done', {}, { headers: trace });
  await eventually('it is dead', () => died.length === 1, 20_000);
  isMended = true;
  await opened.deadLetters.replay({ filters: {} }, { waitMs: 20_000 });
  const carried = `${trace.traceparent} ${trace.tracestate}`;
  expect(seen).toEqual([`main 0 ${carried}`, `retry 0 ${carried}`, `retry 1 ${carried}`]);
});
