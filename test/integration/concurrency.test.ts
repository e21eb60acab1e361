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
