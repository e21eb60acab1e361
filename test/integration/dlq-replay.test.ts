import { placesOf } from '../../src/lib/pipeline/places.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { keyOf } from '../../src/lib/dlq/state.js';
import { deleteStream } from '../../src/lib/nats/objects.js';
import { writePointer } from '../../src/lib/pointers/write-pointer.js';
import { Reject } from '../../src/lib/domain/outcome.js';
import { applyTopology } from '../support/config.js';
import {
  bury,
  buryEvent,
  consumer,
  exhaustionOf,
  journal,
  makePointer,
  originAt,
} from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { testBed, type TestBed, type TestRun } from '../support/pipeline.js';
import { carryOut, replay } from '../support/replay.js';
import { containing, worded } from '../support/suggestions.js';

const patience = 15_000;

/** Runs the pipeline with a handler that notes what it sees and fails while `broken`. */
async function runNoting(
  bed: TestBed,
  state: { broken: boolean },
): Promise<{ run: TestRun; seen: string[] }> {
  const seen: string[] = [];
  const run = await bed.run({
    [consumer]: async (event, { stage, attempt, cycle }) => {
      seen.push(`${event.seq} ${stage} ${attempt} cycle ${cycle}`);
      if (state.broken) throw new Error('down');
    },
  });
  return { run, seen };
}

const deadLetters = (run: TestRun, count: number): Promise<void> =>
  run.until(
    (events) => events.filter(({ type }) => type === 'dead-letter').length === count,
    `${count} dead`,
  );

describe('replay', () => {
  it('brings an event that died back to its consumer, with the attempts of the retry stage', async () => {
    const bed = await testBed();
    const state = { broken: true };
    const { run, seen } = await runNoting(bed, state);
    await bed.publish('totp.requested');
    await deadLetters(run, 1);
    state.broken = false;
    seen.length = 0;
    const author = { task: 'replay-7', note: 'SMTP\nis back' };
    const result = await replay(bed, { ids: [`${consumer}/1`] }, { ...author, waitMs: patience });
    expect(result).toEqual({
      task: 'replay-7',
      selected: 1,
      replayed: 1,
      skipped: [],
      resolved: 1,
      deadAgain: 0,
      pending: 0,
      name: null,
      state: null,
      steps: [{ size: 1, resolved: 1, deadAgain: 0, pending: 0 }],
      stopped: null,
    });
    expect(seen).toEqual(['1 retry 1 cycle 1']);
    expect(await bed.dead(consumer, 1)).toBeUndefined();
    const [replayed] = await bed.journal('REPLAYED');
    expect(replayed?.record).toMatchObject({
      stage: 'dlq',
      cycle: 1,
      operator: 'ada@test',
      task: 'replay-7',
      note: 'SMTP\\nis back',
      worker: 'test:1:replay',
    });
    await bed.quiet();
  });

  it('is heard by the failing consumer only', async () => {
    const other = 'analytics-consumer';
    const bed = await testBed({ consumers: [{ name: consumer }, { name: other }] });
    const state = { broken: true };
    const seen: string[] = [];
    const run = await bed.run({
      [consumer]: async () => {
        if (state.broken) throw new Reject('no address');
        seen.push(consumer);
      },
      [other]: async () => void seen.push(other),
    });
    await bed.publish('totp.requested');
    await deadLetters(run, 1);
    state.broken = false;
    await replay(bed, undefined, { waitMs: patience });
    expect(seen).toEqual([other, consumer]);
  });

  it('says what is dead again, and takes it again at once, inside the dedup window', async () => {
    const bed = await testBed();
    const state = { broken: true };
    const { run, seen } = await runNoting(bed, state);
    await bed.publish('totp.requested');
    await deadLetters(run, 1);
    for (const cycle of [1, 2]) {
      expect(await replay(bed, undefined, { waitMs: patience })).toMatchObject({ replayed: 1, deadAgain: 1 });
      expect(await bed.dead(consumer, 1)).toMatchObject({
        pointer: { cycle, attempts: { main: 3, retry: 3 } },
      });
    }
    state.broken = false;
    expect(await replay(bed, undefined, { waitMs: patience })).toMatchObject({ replayed: 1, resolved: 1 });
    expect(seen.filter((line) => line.includes('retry'))).toEqual(
      [0, 1, 2]
        .flatMap((cycle) => [1, 2, 3].map((n) => `1 retry ${n} cycle ${cycle}`))
        .concat('1 retry 1 cycle 3'),
    );
    expect(await bed.dead(consumer, 1)).toBeUndefined();
  });

  it('has the attempts of main where there is no retry stage', async () => {
    const retry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };
    const bed = await testBed({ consumers: [{ name: consumer, attempts: 2, retry }] });
    const { run, seen } = await runNoting(bed, { broken: true });
    await bed.publish('totp.requested');
    await deadLetters(run, 1);
    expect(await replay(bed, undefined, { waitMs: patience })).toMatchObject({ deadAgain: 1 });
    expect(seen.slice(2)).toEqual(['1 retry 1 cycle 1', '1 retry 2 cycle 1']);
  });

  it('loses nothing while the older retry pointer of the same event is still there', async () => {
    const bed = await testBed();
    const { pointer } = await bury(bed);
    const parked = { ...pointer, stage: 'retry', notBeforeMs: Date.now() + 3_600_000 } as const;
    await writePointer(bed.link, placesOf(bed.config).retry, parked);
    expect(await replay(bed)).toMatchObject({ replayed: 1, skipped: [] });
    expect(await bed.parked(consumer, 1)).toMatchObject({ cycle: 1, notBeforeMs: 0 });
    const { run, seen } = await runNoting(bed, { broken: false });
    await run.until((events) => events.some((e) => e.type === 'succeeded' && e.key.stage === 'retry'));
    await bed.quiet();
    expect(seen.filter((line) => line.includes('retry'))).toEqual(['1 retry 1 cycle 1']);
  });

  it('runs an event once when two operators replay it at the same time', async () => {
    const bed = await testBed();
    await bury(bed);
    const { seen } = await runNoting(bed, { broken: false });
    await eventually('main has run', () => seen.length === 1);
    const plan = await planReplay(pipelineOf(bed.link, bed.config), { filters: {} });
    expect(plan.items).toHaveLength(1);
    const results = await Promise.all([replay(bed), replay(bed, undefined, { waitMs: patience })]);
    expect(results.reduce((sum, { replayed }) => sum + replayed, 0)).toBeGreaterThanOrEqual(1);
    await bed.quiet();
    expect(seen).toEqual(['1 main 1 cycle 0', '1 retry 1 cycle 1']);
    expect(await bed.journal('REPLAYED')).toHaveLength(1);
  });

  it('skips, with the reason, what can not be replayed, and replays the others', async () => {
    const bed = await testBed();
    const present = await bury(bed);
    const missing = await bury(bed);
    const late = await bury(bed);
    const unconfigured = await bury(bed, { consumer: 'former-consumer' });
    await bed.link.deleteMessage('events', 2);
    await journal(bed, keyOf(late.pointer, 'main'), { kind: 'RESOLVED', attempt: 3, late: true });
    await bed.link.publish('events-dlq.some.thing', 'forged');
    const result = await replay(bed);
    expect(result).toMatchObject({ selected: 5, replayed: 1, pending: 1 });
    expect(result.skipped).toEqual([
      { id: missing.id, reason: 'the original is missing: events no longer has sequence 2' },
      { id: late.id, reason: expect.stringContaining('resolved late') },
      {
        id: unconfigured.id,
        reason: expect.stringMatching(/^the config no longer has a consumer former-consumer/),
        suggestions: [
          containing('--move-dead-letters former-consumer=<its new name>'),
          worded(`otherwise discard it: plutomi-events dlq discard ${unconfigured.id} --reason <text>`),
        ],
      },
      { id: 'events-dlq/5', reason: expect.stringContaining('not a pointer') },
    ]);
    expect(await bed.dead(consumer, present.pointer.origin.seq)).toBeUndefined();
    for (const { pointer } of [missing, late, unconfigured]) {
      expect(await bed.dead(pointer.consumer, pointer.origin.seq)).toBeDefined();
    }
  });

  it('never replays another event that took the place of the original', async () => {
    const bed = await testBed();
    const { id } = await bury(bed);
    await deleteStream(bed.link, 'events');
    await applyTopology(bed.link, bed.config);
    await bed.publish('totp.requested', { other: true });
    const result = await replay(bed, { ids: [id] });
    expect(result.skipped).toEqual([{ id, reason: expect.stringContaining('the original was replaced') }]);
    expect(await bed.parked(consumer, 1)).toBeUndefined();
    expect(await bed.dead(consumer, 1)).toBeDefined();
  });

  it('takes the unknown for skipped among others, and for an error alone', async () => {
    const bed = await testBed();
    const { id } = await bury(bed);
    expect(await replay(bed, { ids: [id, `${consumer}/9`, id] })).toMatchObject({
      selected: 2,
      replayed: 1,
      skipped: [{ id: `${consumer}/9`, reason: 'no such dead letter' }],
    });
    await expect(replay(bed, { ids: [id] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/it was replayed at \d{4}-\d\d-\d\d [\d:]{8} UTC by ada@test$/),
      suggestions: [worded(`see its whole life: plutomi-events events explain ${id}`)],
    });
  });

  it('replays what was planned, and not a newer dead letter of the same event', async () => {
    const bed = await testBed();
    const { id, pointer } = await bury(bed);
    const plan = await planReplay(pipelineOf(bed.link, bed.config), { ids: [id] });
    await buryEvent(bed, pointer.origin, { cycle: 1 });
    expect(await carryOut(bed, plan)).toMatchObject({
      replayed: 0,
      skipped: [{ id, reason: expect.stringContaining('died again') }],
    });
    expect(await bed.dead(consumer, 1)).toMatchObject({ pointer: { cycle: 1 } });
  });

  it('selects the oldest up to the limit', async () => {
    const bed = await testBed();
    for (let i = 0; i < 3; i++) await bury(bed);
    expect(await replay(bed, { filters: { consumer }, limit: 2 })).toMatchObject({
      selected: 2,
      replayed: 2,
    });
    expect(await bed.dead(consumer, 3)).toBeDefined();
  });
});

describe('a dead letter of the meta-consumer', () => {
  async function unroutable(bed: TestBed, embedded?: Record<string, unknown>) {
    const event = await bury(bed);
    await bed.link.deleteMessage('events-dlq', event.dlqSeq);
    const record = { ...exhaustionOf(event.pointer, 0), stage: 'main' as const };
    const subject = `events-advisories.business.MAX_DELIVERIES.${consumer}.1.main.0`;
    return buryEvent(
      bed,
      { stream: 'events-advisories', seq: 9, subject, time: '5' },
      { consumer: 'meta-consumer', embedded: embedded ?? { subject, record } },
    );
  }

  it('is routed when it is replayed, and then it is followed', async () => {
    const bed = await testBed();
    const { id } = await unroutable(bed);
    const run = await bed.run({ [consumer]: async () => {} });
    await run.until((events) => events.some(({ type }) => type === 'succeeded'));
    const result = await replay(bed, { ids: [id] }, { waitMs: patience });
    expect(result).toMatchObject({ replayed: 1, skipped: [], resolved: 1, pending: 0 });
    expect(await bed.dead('meta-consumer', 9)).toBeUndefined();
    const [replayed] = await bed.journal('REPLAYED');
    expect(replayed?.record).toMatchObject({ tier: 'meta', consumer: 'meta-consumer', cycle: 1 });
  });

  it('is resolved when its main stage succeeds late, and no retry is run', async () => {
    const bed = await testBed();
    const { id } = await unroutable(bed);
    let late: Promise<void> | undefined;
    const result = await replay(
      bed,
      { ids: [id] },
      {
        waitMs: patience,
        onWait: () => {
          late = originAt(bed, 1).then((origin) =>
            journal(bed, keyOf(makePointer(origin), 'main'), { kind: 'RESOLVED', attempt: 1, late: true }),
          );
        },
      },
    );
    await late;
    expect(result).toMatchObject({ replayed: 1, resolved: 1, pending: 0 });
  });

  it('is skipped when what it embeds is unreadable, or belongs elsewhere', async () => {
    for (const embedded of [
      { subject: 'x', data: 'AAAA', encoding: 'base64' },
      { subject: 'events-advisories.business.MAX_DELIVERIES.other.1.main.0', record: exhaustionRecord() },
    ]) {
      const bed = await testBed();
      const { id } = await unroutable(bed, embedded);
      const result = await replay(bed, { ids: [id] });
      expect(result.skipped).toEqual([{ id, reason: expect.stringContaining("can't be routed") }]);
      expect(await bed.dead('meta-consumer', 9)).toBeDefined();
    }
  });
});

function exhaustionRecord(): Record<string, unknown> {
  const origin = { stream: 'events', seq: 1, subject: 'events.totp.requested', time: '5' };
  return { ...exhaustionOf(makePointer(origin), 0) };
}
