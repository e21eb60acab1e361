import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { runPipeline } from '../../src/lib/waterfall/run.js';
import { eventually } from '../support/eventually.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { connectTo, testBed } from '../support/pipeline.js';

const consumer = 'notifications-consumer';

test('a subscriber that throws at everything stops neither the pipeline nor another subscriber, and is logged once', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry: noRetry }] });
  const link = await connectTo(bed.server.url);
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const handlers = new Map(bed.config.consumers.map(({ handler }) => [handler, handle] as const));
  const running = runPipeline(pipelineOf(link, bed.config), { handlers, log });
  onTestFinished(async () => void (await running.stop(200)));
  const fail = (): never => {
    throw new Error('broken subscriber');
  };
  running.subscribe(Object.assign(fail, { wantsSuccess: fail }));
  const heard: string[] = [];
  const leave = running.subscribe(
    (event) => {
      heard.push(`${event.type} ${'id' in event ? event.id : event.key.origin.seq}`);
    },
    { types: ['succeeded', 'dead-letter'] },
  );

  await bed.publish('ok');
  await bed.publish('bad');
  await eventually('both events are told', () => heard.includes(`dead-letter ${consumer}/2`));
  expect(heard).toContain('succeeded 1');
  expect(lines.filter(({ level }) => level === 50)).toMatchObject([
    {
      err: { message: 'broken subscriber' },
      msg: 'a subscriber to the events failed: the pipeline and the other subscribers continue; this is logged once',
    },
  ]);

  leave();
  const before = heard.length;
  await bed.publish('bad');
  await eventually('the next is dead', async () => (await bed.dead(consumer, 3)) !== undefined);
  await bed.quiet();
  expect(heard).toHaveLength(before);
});

const noRetry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };

function handle({ type }: { readonly type: string }): void {
  if (type === 'bad') throw new Error('no');
}
