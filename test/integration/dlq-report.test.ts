import { describe, expect, it } from 'vitest';
import { discardDeadLetters, planDiscard } from '../../src/lib/dlq/discard.js';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { replayDeadLetters } from '../../src/lib/dlq/replay/replay-letters.js';
import { keyOf } from '../../src/lib/dlq/state.js';
import { makeFailure } from '../../src/lib/domain/failure.js';
import type { Pointer } from '../../src/lib/domain/pointer.js';
import { writeRecord } from '../../src/lib/journal/write-record.js';
import { reportDeadLetters } from '../../src/lib/report/make-report.js';
import { readOperations } from '../../src/lib/report/operations-log.js';
import { bury, consumer, exhaustionOf, type Ground, journal } from '../support/dead-letters.js';
import { testBed } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';

const smtp = (n: number) => makeFailure('error', 'Error', `connect ECONNREFUSED 10.0.4.${n}:587`);
const street = makeFailure('error', 'TypeError', "Cannot read properties of undefined (reading 'street')");

/** A dead letter as the pipeline makes it: with the record that says so. */
async function die(bed: Ground, overrides: Partial<Pointer> = {}): Promise<Pointer> {
  const { pointer } = await bury(bed, overrides);
  await writeRecord(pipelineOf(bed.link, bed.config), exhaustionOf(pointer, pointer.cycle));
  return pointer;
}

const by = (bed: Ground, operator: string) =>
  pipelineOf(bed.link, bed.config, { identity: { worker: `${operator}:1`, operator } });

async function replay(bed: Ground, seqs: readonly number[], operator: string, task: string, note?: string) {
  const pipeline = by(bed, operator);
  const plan = await planReplay(pipeline, { ids: seqs.map((seq) => `${consumer}/${seq}`) });
  await replayDeadLetters(pipeline, plan, { task, ...(note === undefined ? {} : { note }) });
}

async function incident(): Promise<Ground> {
  const bed = await testBed();
  for (let n = 1; n <= 6; n++) await die(bed, { failure: smtp(n) });
  for (let n = 7; n <= 9; n++) await die(bed, { failure: street });
  await die(bed, { failure: street, consumer: 'other-consumer' });
  await replay(bed, [1, 2, 3, 7], 'ada@ops', 'replay-1', 'SMTP is back | `INC-4711`');
  const pipeline = by(bed, 'bob@ops');
  const plan = await planDiscard(pipeline, { ids: [`${consumer}/8`, `${consumer}/9`] });
  await discardDeadLetters(pipeline, plan, { task: 'discard-1', note: 'test users' });
  return bed;
}

/** What the workers say after a replay. */
async function end(bed: Ground, seq: number, success: boolean): Promise<void> {
  const message = await bed.link.readFromLeader('events', seq);
  const origin = { stream: 'events', seq, subject: message?.subject ?? '', time: message?.time ?? '' };
  const pointer = { consumer, origin, cycle: 1, failure: street, attempts: { main: 3, retry: 3 } } as Pointer;
  if (success) await journal(bed, keyOf(pointer, 'retry'), { kind: 'RESOLVED' });
  else await writeRecord(pipelineOf(bed.link, bed.config), exhaustionOf(pointer, 1));
}

describe('reportDeadLetters', () => {
  it('tells what died by cause, what was done by whom, and what came of each', async () => {
    const bed = await incident();
    for (const seq of [1, 2]) await end(bed, seq, true);
    await end(bed, 7, false);
    const report = await reportDeadLetters(by(bed, 'eve@desk'), { sinceMs: 0 });
    expect(report).toMatchObject({ task: null, letters: 10, diedBefore: 0 });
    const groups = report.groups.map(({ consumer: name, letters, deaths, code, sample, outcome }) => {
      const came = Object.entries(outcome).filter(([, count]) => count > 0);
      return [name, code, letters, deaths, sample, Object.fromEntries(came)];
    });
    expect(groups).toEqual([
      [consumer, 'ECONNREFUSED', 6, 6, `${consumer}/6`, { resolved: 2, stillDead: 3, pending: 1 }],
      [consumer, null, 3, 4, expect.any(String), { deadAgain: 1, discarded: 2 }],
      ['other-consumer', null, 1, 1, 'other-consumer/10', { stillDead: 1 }],
    ]);
    expect(report.outcome).toEqual({
      resolved: 2,
      deadAgain: 1,
      stillDead: 4,
      pending: 1,
      discarded: 2,
      archived: 0,
      moved: 0,
    });
    expect(report.operations).toMatchObject([
      { operator: 'ada@ops', did: 'replayed', task: 'replay-1', count: 4, note: 'SMTP is back | `INC-4711`' },
      { operator: 'bob@ops', did: 'discarded', task: 'discard-1', count: 2, note: 'test users' },
    ]);
  });

  it('of a task: its dead letters alone; those that died before the journal begins have no group', async () => {
    const bed = await incident();
    await end(bed, 1, true);
    await end(bed, 7, false);
    const pipeline = by(bed, 'eve@desk');
    const whole = await reportDeadLetters(pipeline, { task: 'replay-1' });
    expect(whole).toMatchObject({ since: null, task: 'replay-1', letters: 4, diedBefore: 0 });
    expect(whole.outcome).toMatchObject({ resolved: 1, deadAgain: 1, pending: 2, discarded: 0 });
    expect(whole.operations.map(({ task }) => task)).toEqual(['replay-1']);
    expect(whole.lastResolvedAt).not.toBeNull();
    // The first records leave the journal.
    await bed.link.jsm.streams.purge('events-advisories', { seq: 3 });
    const left = await reportDeadLetters(pipeline, { task: 'replay-1' });
    expect(left).toMatchObject({ letters: 4, diedBefore: 2 });
    expect(left.groups.map(({ letters }) => letters).reduce((sum, one) => sum + one, 0)).toBe(2);
  });

  it('refuses a task that nobody knows, and a question about nothing or both', async () => {
    const bed = await incident();
    const pipeline = by(bed, 'eve@desk');
    await expect(reportDeadLetters(pipeline, { task: 'nope' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(reportDeadLetters(pipeline, {})).rejects.toMatchObject({ code: 'USAGE' });
    await expect(reportDeadLetters(pipeline, { task: 'x', sinceMs: 1 })).rejects.toMatchObject({
      code: 'USAGE',
    });
    const later = await reportDeadLetters(pipeline, { sinceMs: Date.now() + 60_000 });
    expect(later).toMatchObject({ letters: 0, groups: [], operations: [], firstDiedAt: null });
  });

  it('survives records that are forged', async () => {
    const bed = await incident();
    const subject = `events-advisories.business.REPLAYED.${consumer}.4.dlq.1`;
    const origin = { stream: 'events', seq: 4, subject: 'events.totp.requested', time: '1' };
    const forged = {
      v: 1,
      kind: 'REPLAYED',
      tier: 'business',
      consumer,
      stage: 'dlq',
      cycle: 1,
      at: '2026-01-01T00:00:00Z',
    };
    await bed.link.publish(subject, 'nonsense');
    await bed.link.publish(subject, JSON.stringify({ ...forged, origin: { ...origin, seq: 5 } }));
    await bed.link.publish(
      subject,
      JSON.stringify({ ...forged, origin, operator: { a: 1 }, task: 7, note: [], worker: null }),
    );
    const { outcome, operations } = await reportDeadLetters(by(bed, 'eve@desk'), { sinceMs: 0 });
    expect(outcome.pending).toBe(5);
    expect(operations[0]).toMatchObject({ operator: null, task: null, note: null, count: 1 });
  });
});

describe('readOperations', () => {
  it('folds by task and operator, and takes the newest', async () => {
    const bed = await incident();
    await replay(bed, [4], 'bob@ops', 'replay-1', 'SMTP is back | `INC-4711`');
    const pipeline = by(bed, 'eve@desk');
    const all = await readOperations(pipeline);
    expect(all.operations.map(({ operator, did, count }) => [operator, did, count])).toEqual([
      ['ada@ops', 'replayed', 4],
      ['bob@ops', 'discarded', 2],
      ['bob@ops', 'replayed', 1],
    ]);
    expect(await readOperations(pipeline, { operator: 'bob', limit: 1 })).toMatchObject({
      total: 2,
      operations: [{ did: 'replayed', consumers: [{ name: consumer, count: 1 }] }],
    });
    expect(await readOperations(pipeline, { operator: 'bo' })).toMatchObject({ total: 0 });
    expect(await readOperations(pipeline, { sinceMs: Date.now() + 60_000 })).toMatchObject({ total: 0 });
  });
});
