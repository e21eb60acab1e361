import { pipelineOf } from '../support/pipeline-of.js';
import { expect, onTestFinished, test } from 'vitest';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { readStandstill } from '../../src/lib/nats/standstill.js';
import type { WaterfallEvent } from '../../src/lib/observe/waterfall-event.js';
import { StandstillWatch } from '../../src/lib/waterfall/standstill-watch.js';
import { consumer } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { testBed } from '../support/pipeline.js';
import { cannotPause } from '../support/can-pause.js';

const until = new Date('2036-01-01T00:00:00Z');
const why = `paused until ${until.toISOString()}`;

test('a run says at its start that the server delivers nothing of a consumer, and why', async ({ skip }) => {
  const bed = await testBed();
  skip(...cannotPause(bed.link));
  await bed.link.jsm.consumers.pause('events', consumer, until);
  const run = await bed.run({ [consumer]: async () => {} });
  await run.until((events) => events.some(({ type }) => type === 'standstill'));
  expect(run.events.filter(({ type }) => type === 'standstill')).toEqual([
    { type: 'standstill', stream: 'events', consumer, why },
  ]);
});

test('it is told once when it begins, again only now and then, and when it is over', async ({ skip }) => {
  const bed = await testBed();
  skip(...cannotPause(bed.link));
  const events: WaterfallEvent[] = [];
  const watch = new StandstillWatch(bed.link, [{ stream: 'events', consumer }], (one) => events.push(one), 5);
  onTestFinished(() => watch.stop());
  await bed.link.jsm.consumers.pause('events', consumer, until);
  await eventually('it is told', () => events.length > 0);
  await bed.link.jsm.consumers.resume('events', consumer);
  await eventually('it is over', () => events.at(-1)?.type === 'standstill-over');
  expect(events[0]).toEqual({ type: 'standstill', stream: 'events', consumer, why });
  expect(events.filter(({ type }) => type === 'standstill-over')).toHaveLength(1);
});

test('the plan of a replay names what the server delivers nothing to', async ({ skip }) => {
  const bed = await testBed({
    consumers: [
      { name: consumer, attempts: 1, retry: { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] } },
    ],
  });
  skip(...cannotPause(bed.link));
  const run = await bed.run({
    [consumer]: async () => {
      throw new Error('connection refused');
    },
  });
  await bed.publish('totp.requested');
  await run.until((events) => events.some(({ type }) => type === 'dead-letter'));
  expect((await planReplay(pipelineOf(bed.link, bed.config), { filters: {} })).heldUp).toEqual([]);
  await bed.link.jsm.consumers.pause('events-retry', `${consumer}-retry`, until);
  expect((await planReplay(pipelineOf(bed.link, bed.config), { filters: {} })).heldUp).toEqual([
    { consumer: `${consumer}-retry`, why },
  ]);
});

test('a subject transform that takes all subjects away from a consumer is said', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, subjects: ['events.totp.requested'] }] });
  const transform = (dest: string) =>
    bed.link.jsm.streams.update('events', { subject_transform: { src: 'events.>', dest } });
  await transform('other.>');
  expect(await readStandstill(bed.link, 'events', consumer)).toEqual({
    kind: 'nothing-matches',
    detail:
      'no subject of its stream (events.>), which its subject_transform stores as other.>, can match events.totp.requested',
  });
  await transform('events.>');
  expect(await readStandstill(bed.link, 'events', consumer)).toBeUndefined();
});
