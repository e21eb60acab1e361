import { describe, expect, it } from 'vitest';
import { changeBy } from '../../src/lib/dlq/edit/changes.js';
import { editDeadLetters, planEdit } from '../../src/lib/dlq/edit/edit.js';
import { listDeadLetters } from '../../src/lib/dlq/list.js';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { replayAsTask } from '../../src/lib/dlq/replay/replay-as-task.js';
import { showDeadLetter } from '../../src/lib/dlq/show.js';
import { parseSetting } from '../../src/lib/domain/edit.js';
import { bury, consumer } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { carryOn, machine } from '../support/tasks.js';

const profile = (user: number): string => `user.${user}.profile`;
const all = { filters: {} };

/** Runs a handler that fails as the data say, until all is processed or dead. */
async function settled(bed: TestBed): Promise<void> {
  const run = await bed.run({
    [consumer]: (event, { stage }) => {
      const { fail } = event.data as { fail?: 'always' | 'main' };
      if (fail === 'always' || (fail === 'main' && stage === 'main')) throw new Error('the database is down');
    },
  });
  await bed.quiet();
  await run.stop();
}

async function beds(latestOnly: string[] = ['events.user.*.profile']): Promise<TestBed> {
  return testBed({
    latestOnly,
    consumers: [
      {
        name: consumer,
        attempts: 1,
        backoffMs: [],
        retry: { enabled: true, delayMs: 1, attempts: 1, backoffMs: [] },
      },
    ],
  });
}

const newerOf = async (bed: TestBed): Promise<Record<string, number | null>> => {
  const { items } = await listDeadLetters(machine(bed), {});
  return Object.fromEntries(items.map(({ seq, supersededBy }) => [seq, supersededBy]));
};

describe('a dead letter of a subject that names one thing', () => {
  it('is stale once a newer event of the subject was certainly processed by the same consumer', async () => {
    const bed = await beds();
    const fails = await bed.publish(profile(1), { fail: 'always' });
    const alone = await bed.publish(profile(2), { fail: 'always' });
    const older = await bed.publish(profile(3), { fail: 'always' });
    const flaky = await bed.publish(profile(4), { fail: 'always' });
    const other = await bed.publish('totp.requested', { fail: 'always' });
    const first = await bed.publish(profile(1), {});
    const second = await bed.publish(profile(1), {});
    const newer = await bed.publish(profile(3), { fail: 'always' });
    const retried = await bed.publish(profile(4), { fail: 'main' });
    await bed.publish('totp.requested', {});
    await settled(bed);
    expect(first).toBeLessThan(second);
    const expected = {
      [fails]: second,
      [alone]: null,
      [older]: null,
      [flaky]: retried,
      [other]: null,
      [newer]: null,
    };
    expect(await newerOf(bed)).toEqual(expected);
    expect(await showDeadLetter(machine(bed), `${consumer}/${fails}`)).toMatchObject({
      supersededBy: second,
    });

    const plan = await planReplay(machine(bed), all);
    expect(plan.superseded).toBe(2);
    expect(plan.items.map(({ id }) => id)).toEqual(
      [alone, older, other, newer].map((seq) => `${consumer}/${seq}`),
    );
    expect(plan.skipped).toEqual([
      {
        id: `${consumer}/${fails}`,
        reason: `it is superseded by events ${second}: ${consumer} has processed this newer event of events.user.1.profile; --if-superseded replay replays it all the same`,
      },
      expect.objectContaining({ id: `${consumer}/${flaky}` }),
    ]);
    const anyway = await planReplay(machine(bed), all, { ifSuperseded: 'replay' });
    expect([anyway.items.length, anyway.skipped, anyway.superseded]).toEqual([6, [], 2]);
  });

  it('is not stale while the newer event waits, is in hand, or is retried', async () => {
    const bed = await beds();
    const { id } = await bury(bed, { type: profile(1) });
    await bed.publish(profile(1), {});
    expect(await newerOf(bed)).toEqual({ 1: null });
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let begun = false;
    const run = await bed.run({
      [consumer]: async (event) => {
        if (event.seq !== 2) return;
        begun = true;
        await held;
      },
    });
    await eventually('its handler runs', () => begun);
    expect(await newerOf(bed)).toEqual({ 1: null });
    release();
    await bed.quiet();
    await run.stop();
    expect(await newerOf(bed)).toEqual({ 1: 2 });
    expect(id).toBe(`${consumer}/1`);
  });

  it('is replayed all the same where the journal does not reach back to the newer event', async () => {
    const bed = await beds();
    await bury(bed, { type: profile(1) });
    await bed.publish(profile(1), {});
    await settled(bed);
    expect(await newerOf(bed)).toEqual({ 1: 2 });
    // Whatever was in it has left it.
    await bed.link.publish('events-advisories.business.RESOLVED.x.99.main.0', '{}');
    const { last_seq: last = 0 } = (await bed.link.streamInfo('events-advisories'))?.state ?? {};
    for (let seq = 1; seq <= last; seq++) await bed.link.deleteMessage('events-advisories', seq);
    expect(await newerOf(bed)).toEqual({ 1: null });
  });

  it('is skipped when it has become stale since the plan, by a task too, unless that was planned to replay it', async () => {
    for (const ifSuperseded of ['skip', 'replay'] as const) {
      const bed = await beds();
      await bury(bed, { type: profile(1) });
      const plan = await planReplay(machine(bed), all, { ifSuperseded });
      const signal = AbortSignal.abort();
      const { task } = await replayAsTask(machine(bed), plan, { ifSuperseded, signal });
      await bed.publish(profile(1), {});
      await settled(bed);
      const result = await carryOn(machine(bed, 'bob'), task ?? '');
      const replayed = ifSuperseded === 'replay' ? 1 : 0;
      expect([result.replayed, result.skipped.length]).toEqual([replayed, 1 - replayed]);
    }
  });

  it('is not edited either', async () => {
    const bed = await beds();
    await bury(bed, { type: profile(1) });
    await bed.publish(profile(1), {});
    await settled(bed);
    const change = changeBy({ set: [parseSetting('data.a=1') ?? []].flat(), unset: [] }, undefined);
    const plan = await planEdit(machine(bed), all, change);
    expect(plan.items).toEqual([]);
    expect(plan.invalid).toEqual([
      expect.objectContaining({ reason: expect.stringContaining('superseded by events 2') }),
    ]);
    const terms = { ifSuperseded: 'replay' } as const;
    const forced = await planEdit(machine(bed), all, change, terms);
    const edited = await editDeadLetters(machine(bed), forced, change, { ...terms, note: 'anyway' });
    expect(edited).toMatchObject({ changed: 1, replayed: 1 });
  });

  it('without latestOnly there is none', async () => {
    const bed = await beds([]);
    await bury(bed, { type: profile(1) });
    await bed.publish(profile(1), {});
    await settled(bed);
    expect(await newerOf(bed)).toEqual({ 1: null });
  });
});
