import { describe, expect, it } from 'vitest';
import type { ReplayPlan } from '../../../../src/lib/dlq/replay/plan-replay.js';
import { exitCodeOf, resultOf, untouched } from '../../../../src/lib/dlq/replay/result.js';

const plan: ReplayPlan = {
  pipeline: 'plutomi',
  server: 'here',
  items: [
    { id: 'a/1', dlqSeq: 1, cycle: 0 },
    { id: 'a/2', dlqSeq: 2, cycle: 0 },
  ],
  skipped: [{ id: 'a/3', reason: 'gone' }],
  consumers: [],
  reasons: [],
  groups: [],
  oldestDeadAt: null,
  newestDeadAt: null,
  missing: 1,
  replaced: 0,
  superseded: 0,
  unknown: [],
  notRunning: [],
  heldUp: [],
  kinds: [],
};
const key = {
  tier: 'business',
  consumer: 'a',
  stage: 'retry',
  cycle: 1,
  origin: { stream: 'events', seq: 1, subject: 's', time: '5' },
} as const;
const report = {
  replayed: 2,
  skipped: plan.skipped,
  followed: [
    { id: 'a/1', key, earlier: false },
    { id: 'a/2', key, earlier: false },
  ],
  task: 't',
  routed: { resolved: 0, deadAgain: 0 },
  notBegun: 0,
};

describe('resultOf', () => {
  it('counts what was replayed as pending when nobody waited', () => {
    expect(resultOf(plan, report, undefined, false)).toEqual({
      task: 't',
      selected: 3,
      replayed: 2,
      skipped: plan.skipped,
      resolved: 0,
      deadAgain: 0,
      pending: 2,
      name: null,
      state: null,
      steps: [{ size: 2, resolved: 0, deadAgain: 0, pending: 2 }],
      stopped: null,
    });
  });

  it('adds up what was waited for and what was known before', () => {
    const wait = { resolved: ['a/1'], deadAgain: ['a/2'], pending: [] };
    const routed = { resolved: 2, deadAgain: 3 };
    expect(resultOf(plan, { ...report, routed }, wait, true)).toMatchObject({
      resolved: 3,
      deadAgain: 4,
      pending: 0,
      interrupted: true,
    });
  });
});

describe('untouched', () => {
  it('has a plan only when it is a dry run', () => {
    expect(untouched(plan, { dryRun: false })).toEqual({
      task: null,
      selected: 3,
      replayed: 0,
      skipped: plan.skipped,
      resolved: 0,
      deadAgain: 0,
      pending: 0,
      name: null,
      state: null,
      steps: [],
      stopped: null,
    });
    expect(untouched(plan, { dryRun: true }).plan).toMatchObject({ replayable: 2, missing: 1 });
  });
});

describe('exitCodeOf', () => {
  const counts = { selected: 1, replayed: 1, skipped: [], resolved: 1, deadAgain: 0, pending: 0 };
  const done = { ...counts, task: 't', name: 't', state: 'done' as const, steps: [], stopped: null };
  it.each([
    [done, true, 0],
    [{ ...done, resolved: 0, pending: 1 }, false, 0],
    [{ ...done, resolved: 0, pending: 1 }, true, 5],
    [{ ...done, resolved: 0, deadAgain: 1 }, true, 5],
    [{ ...done, skipped: [{ id: 'a/1', reason: 'gone' }] }, false, 5],
    [{ ...done, skipped: [{ id: 'a/1', reason: 'gone' }], interrupted: true as const }, false, 130],
    [{ ...done, state: 'stopped' as const, stopped: { step: 1, reason: 'failed>5%' } }, true, 5],
    [{ ...done, state: 'cancelled' as const }, false, 5],
  ])('of %j, waited: %s, is %i', (result, waited, expected) => {
    expect(exitCodeOf(result, waited)).toBe(expected);
  });
});
