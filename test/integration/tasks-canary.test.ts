import { pipelineOf } from '../support/pipeline-of.js';
import { listGroups } from '../../src/lib/dlq/groups/list-groups.js';
import { expect, test } from 'vitest';
import { consumer } from '../support/dead-letters.js';
import { buryMany } from '../support/many-dead-letters.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { carryOn, machine, shown, storeAll } from '../support/tasks.js';
import { eventually } from '../support/eventually.js';

const waitMs = 20_000;
const canary = '1,10,10%,rest';
const stopOn = ['failed>5%'];

/** A handler that fails in the retry stage with what is said of an event. */
async function bedWith(count: number, fails: (seq: number) => string | undefined): Promise<TestBed> {
  const bed = await testBed({ consumers: [{ name: consumer, start: { at: 'new' } }] });
  await buryMany(bed, count);
  await bed.run({
    [consumer]: async (event, { stage }) => {
      const why = stage === 'retry' ? fails(event.seq) : undefined;
      // As those in the DLQ are called.
      if (why !== undefined) throw Object.assign(new Error(why), { name: 'SmtpError' });
    },
  });
  return bed;
}

const replayedOf = async (bed: TestBed): Promise<number> => (await bed.journal('REPLAYED')).length;

test('a wrong fix is stopped after the first steps, and carried on when it is right', async () => {
  let why: string | undefined = 'still down';
  const bed = await bedWith(200, () => why);
  const { task } = await storeAll(bed, { canary, stopOn });
  const stopped = { step: 1, reason: 'failed>5%: 1 of 1 died again' };
  const first = await carryOn(machine(bed), task.id, { waitMs });
  expect(first).toMatchObject({
    state: 'stopped',
    selected: 200,
    replayed: 1,
    deadAgain: 1,
    pending: 0,
    skipped: [],
    steps: [{ size: 1, resolved: 0, deadAgain: 1, pending: 0 }],
    stopped,
  });
  expect(await replayedOf(bed)).toBe(1);
  expect(await shown(bed, task.id)).toMatchObject({ state: 'stopped', stopped, done: 1, deadAgain: 1 });
  why = undefined;
  const second = await carryOn(machine(bed), task.id, { waitMs });
  expect(second).toMatchObject({
    state: 'done',
    replayed: 200,
    resolved: 199,
    deadAgain: 1,
    stopped: null,
    steps: [
      { size: 1, resolved: 0, deadAgain: 1 },
      { size: 10, resolved: 10 },
      { size: 20, resolved: 20 },
      { size: 169, resolved: 169 },
    ],
  });
});

test('more than five in a hundred of a step stop it there, also while the rest is being replayed', async () => {
  const bed = await bedWith(1000, (seq) => (seq <= 31 ? undefined : 'down again'));
  // 80 are left in the step when the first one fails: two seconds to hear of five, also on a busy machine.
  const { task } = await storeAll(bed, { canary, stopOn, rate: 40 });
  const result = await carryOn(machine(bed), task.id, { waitMs });
  expect(result).toMatchObject({ state: 'stopped', skipped: [], stopped: { step: 3 } });
  expect(result.replayed).toBeLessThan(111);
});

test('a cause that the plan did not have stops it, one like those that it had does not', async () => {
  const known = (seq: number): string => `connection refused for user ${seq}`;
  const bed = await bedWith(30, (seq) => (seq <= 5 ? known(seq) : 'ENOSPC: no space left on device, write'));
  const { task } = await storeAll(bed, { canary: '5,rest', stopOn: ['new-group'], rate: 50 });
  expect(task).toMatchObject({ plan: { groups: 1 }, kindParts: 1 });
  const result = await carryOn(machine(bed), task.id, { waitMs });
  expect(result).toMatchObject({ state: 'stopped', stopped: { step: 2 } });
  expect(result.stopped?.reason).toMatch(
    /^new-group: notifications-consumer\/\d+ died of group:[0-9a-f]{12},/,
  );
  const { groups } = await listGroups(pipelineOf(bed.link, bed.config));
  const named = /group:([0-9a-f]+)/.exec(result.stopped?.reason ?? '')?.[1];
  expect(groups.map(({ id }) => id)).toContain(named);
});

test('a step without outcomes stops it, the last one does not', async () => {
  const bed = await testBed();
  await buryMany(bed, 5);
  const { task } = await storeAll(bed, { canary: '2,rest' });
  const first = await carryOn(machine(bed), task.id, { waitMs: 300 });
  expect(first).toMatchObject({
    state: 'stopped',
    replayed: 2,
    pending: 2,
    stopped: { step: 1, reason: 'no outcome of 2 of 2 within 300ms' },
  });
  await bed.run({ [consumer]: async () => {} });
  await eventually('they are resolved', async () => (await shown(bed, task.id)).resolved === 2);
  expect(await carryOn(machine(bed), task.id, { waitMs })).toMatchObject({ state: 'done', resolved: 5 });
});
