import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { latch } from '../support/latch.js';
import { testBed } from '../support/pipeline.js';

test('as many handlers run at once as the concurrency of their consumer says, and never more', async () => {
  const bed = await testBed({
    consumers: [
      { name: 'narrow', concurrency: 1 },
      { name: 'wide', concurrency: 4 },
    ],
  });
  const running = { narrow: 0, wide: 0 };
  const most = { narrow: 0, wide: 0 };
  const handlerOf = (name: 'narrow' | 'wide') => async (): Promise<void> => {
    most[name] = Math.max(most[name], ++running[name]);
    await sleep(20);
    running[name]--;
  };
  for (let n = 0; n < 30; n++) await bed.publish('totp.requested');
  const run = await bed.run({ narrow: handlerOf('narrow'), wide: handlerOf('wide') });
  await run.until(() => run.count('succeeded') === 60);
  expect(most).toEqual({ narrow: 1, wide: 4 });
});

test('a process holds as many events as the buffer of their consumer says, and the server keeps the rest', async () => {
  const bed = await testBed({ consumers: [{ name: 'held', concurrency: 1, buffer: 7 }] });
  for (let n = 0; n < 30; n++) await bed.publish('totp.requested');
  const end = latch();
  const run = await bed.run({ held: () => end.opened });
  const info = async () => await bed.link.consumerInfo('events', 'held');
  await eventually('seven are held', async () => (await info())?.num_ack_pending === 7);
  expect(run.pipeline.snapshot().stages.find(({ durable }) => durable === 'held')).toMatchObject({
    inHand: 7,
    capacity: 7,
  });
  expect((await info())?.num_pending).toBe(23);
  end.open();
  await run.until(() => run.count('succeeded') === 30);
});

test('each further instance runs as many handlers more at once; a group that stands still holds up no other', async () => {
  const bed = await testBed({
    consumers: [
      { name: 'grown', concurrency: 3 },
      { name: 'other', concurrency: 1 },
    ],
  });
  for (let n = 0; n < 40; n++) await bed.publish('totp.requested');
  const end = latch();
  let running = 0;
  const grown = (): Promise<void> => {
    running++;
    return end.opened;
  };
  const first = await bed.run({ grown, other: () => {} });
  await eventually('one instance runs three', () => running === 3);
  await first.until(() => first.count('succeeded') === 40);
  const second = await bed.run({ grown }, ['grown']);
  await eventually('two instances run six', () => running === 6);
  const third = await bed.run({ grown }, ['grown']);
  await eventually('three instances run nine', () => running === 9);
  end.open();
  const all = [first, second, third];
  const succeeded = (): number => all.reduce((sum, run) => sum + run.count('succeeded'), 0);
  await third.until(() => succeeded() === 80);
  expect(running).toBe(40);
});
