import { pipelineOf } from '../support/pipeline-of.js';
import { expect, test } from 'vitest';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { UnreachableError } from '../../src/lib/nats/errors.js';
import { bury, seen } from '../support/dead-letters.js';
import { testBed } from '../support/pipeline.js';

test('the plan of a replay waits for the leader of the DLQ', async () => {
  const bed = await testBed();
  await bury(bed);
  let asked = 0;
  const link = seen(bed.link, 'streamInfo', () => {
    if (++asked === 1) throw new UnreachableError('stream', undefined, 'no leader now');
  });
  const plan = await planReplay(pipelineOf(link, bed.config), { filters: {} });
  expect(plan.items.map(({ dlqSeq }) => dlqSeq)).toEqual([1]);
  expect(plan.consumers).toEqual([{ name: 'notifications-consumer', count: 1 }]);
});

test('the plan of a replay waits out a stream without a leader, and begins nothing anew', async () => {
  const bed = await testBed();
  for (let n = 0; n < 3; n++) await bury(bed);
  let reads = 0;
  const link = seen(bed.link, 'readLastOfEach', () => {
    reads++;
    if (reads === 1) throw new UnreachableError('read', undefined, 'no leader now');
  });
  const plan = await planReplay(pipelineOf(link, bed.config), { filters: {} });
  expect(plan.items.map(({ dlqSeq }) => dlqSeq)).toEqual([1, 2, 3]);
  expect(reads).toBe(2);
});
