import { pipelineOf } from '../support/pipeline-of.js';
import { expect, test } from 'vitest';
import { Publisher } from '../../src/lib/events/publish/publish.js';
import { replay } from '../support/replay.js';
import { testBed } from '../support/pipeline.js';

test('the idempotency key is the same in every attempt, stage and replay, and of each event and consumer its own', async () => {
  const bed = await testBed({
    consumers: [
      { name: 'mail', attempts: 2 },
      { name: 'audit', attempts: 1 },
    ],
  });
  const keys: Record<string, Set<string>> = {};
  const note = (name: string, key: string): void => void (keys[name] ??= new Set()).add(key);
  const attempts: string[] = [];
  const run = await bed.run({
    mail: ({ seq }, { idempotencyKey, stage, attempt, cycle }) => {
      note(`mail ${seq}`, idempotencyKey);
      if (seq === 1) attempts.push(`${stage} ${attempt} ${cycle}`);
      if (seq === 1 && cycle === 0) throw new Error('not yet');
    },
    audit: ({ seq }, { idempotencyKey }) => note(`audit ${seq}`, idempotencyKey),
  });
  for (let n = 0; n < 2; n++) await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  expect(await replay(bed, undefined, { waitMs: 15_000 })).toMatchObject({ resolved: 1 });
  await bed.quiet();
  expect(attempts).toEqual(['main 1 0', 'main 2 0', 'retry 1 0', 'retry 2 0', 'retry 3 0', 'retry 1 1']);
  expect(Object.values(keys).map((of) => of.size)).toEqual([1, 1, 1, 1]);
  expect(new Set(Object.values(keys).flatMap((of) => [...of])).size).toBe(4);
});

test('with an id, confirmed acks and the idempotency key an event has its effect once, whatever is repeated', async () => {
  const bed = await testBed({ consumers: [{ name: 'mail', confirmAcks: true, ackWaitMs: 300 }] });
  const publisher = new Publisher(pipelineOf(bed.link, bed.config));
  const published = [
    await publisher.publish('totp.requested', { n: 1 }, { id: 'login-1' }),
    await publisher.publish('totp.requested', { n: 1 }, { id: 'login-1' }),
  ];
  expect(published.map(({ duplicate }) => duplicate)).toEqual([false, true]);

  const done = new Set<string>();
  const effects: string[] = [];
  let runs = 0;
  const handle = (_event: unknown, { idempotencyKey }: { readonly idempotencyKey: string }): void => {
    runs++;
    if (!done.has(idempotencyKey)) effects.push(idempotencyKey);
    done.add(idempotencyKey);
  };
  // Its effect is done, and nobody ever hears of it: as if the process had died then.
  const lost = await bed.run({
    mail: async (event, context) => {
      handle(event, context);
      await new Promise(() => {});
    },
  });
  await expect.poll(() => runs).toBe(1);
  await lost.stop(10);
  const run = await bed.run({ mail: handle });
  await run.until(() => run.count('succeeded') === 1);
  await bed.quiet();
  expect(runs).toBe(2);
  expect(effects).toHaveLength(1);
});
