import { pipelineOf } from '../../support/pipeline-of.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { planReplay, type ReplayPlan } from '../../../src/lib/dlq/replay/plan-replay.js';
import { connectTo } from '../../support/connect.js';
import {
  bury,
  buryEvent,
  consumer,
  exhaustionOf,
  Killed,
  killedAfter,
  seen,
} from '../../support/dead-letters.js';
import { buryMany } from '../../support/many-dead-letters.js';
import { type TestBed, testBed, type TestRun } from '../../support/pipeline.js';
import { startProxy } from '../../support/proxy.js';
import { carryOut, replay } from '../../support/replay.js';

const patience = 15_000;
/** Pointer, REPLAYED, deletion: it can be killed before the first and between any two. */
const writesOfReplay = 3;

async function kill(bed: TestBed, writes: number): Promise<ReplayPlan> {
  const plan = await planReplay(pipelineOf(bed.link, bed.config), { filters: {} });
  const link = killedAfter(bed.link, writes);
  await expect(carryOut(bed, plan, { link })).rejects.toThrow(Killed);
  return plan;
}

async function runs(bed: TestBed, broken: () => boolean): Promise<{ run: TestRun; retries: string[] }> {
  const retries: string[] = [];
  const run = await bed.run({
    [consumer]: async (event, { stage, cycle, attempt }) => {
      if (stage === 'main') return;
      retries.push(`${event.seq} cycle ${cycle} attempt ${attempt}`);
      if (broken()) throw new Error('down');
    },
  });
  return { run, retries };
}

describe.each(Array.from({ length: writesOfReplay }, (_, n) => n))(
  'a replay killed after %i writes',
  (writes) => {
    it('runs the event once, when it is run again before the event was processed', async () => {
      const bed = await testBed();
      await bury(bed);
      await kill(bed, writes);
      await kill(bed, 0);
      expect(await replay(bed)).toMatchObject({ replayed: 1, skipped: [] });
      const { run, retries } = await runs(bed, () => false);
      await run.until((events) => events.some((e) => e.type === 'succeeded' && e.key.stage === 'retry'));
      await bed.quiet();
      expect(retries).toEqual(['1 cycle 1 attempt 1']);
      expect(await bed.dead(consumer, 1)).toBeUndefined();
      expect(await bed.journal('REPLAYED')).toHaveLength(1);
    });

    it('runs the event once, when it was processed in between', async () => {
      const bed = await testBed();
      await bury(bed);
      await kill(bed, writes);
      const { retries } = await runs(bed, () => false);
      await bed.quiet();
      expect(retries).toHaveLength(writes === 0 ? 0 : 1);
      expect(await replay(bed, undefined, { waitMs: patience })).toMatchObject({
        replayed: 1,
        resolved: 1,
        pending: 0,
      });
      await bed.quiet();
      expect(retries).toEqual(['1 cycle 1 attempt 1']);
      expect(await bed.dead(consumer, 1)).toBeUndefined();
      expect(await bed.journal('REPLAYED')).toHaveLength(1);
    });

    it('leaves the one new dead letter, when the event died again in between', async () => {
      const bed = await testBed();
      await bury(bed);
      const plan = await kill(bed, writes);
      const { retries } = await runs(bed, () => true);
      await bed.quiet();
      const again = await carryOut(bed, plan, { waitMs: patience });
      await bed.quiet();
      // Killed before its first write, it is replayed now; else its dead letter has been replaced by the new one.
      expect(again).toMatchObject(
        writes === 0 ? { replayed: 1, deadAgain: 1 } : { replayed: 0, skipped: [{ id: `${consumer}/1` }] },
      );
      expect(retries).toEqual([1, 2, 3].map((n) => `1 cycle 1 attempt ${n}`));
      expect(await bed.dead(consumer, 1)).toMatchObject({ pointer: { cycle: 1 } });
      const info = await bed.link.streamInfo('events-dlq');
      expect(info?.state.messages).toBe(1);
    });
  },
);

describe.each([0, 1, 2, 3])('a replay of a meta-consumer dead letter killed after %i writes', (writes) => {
  it('routes the record once', async () => {
    const bed = await testBed();
    const { pointer, dlqSeq } = await bury(bed);
    await bed.link.deleteMessage('events-dlq', dlqSeq);
    const subject = `events-advisories.business.MAX_DELIVERIES.${consumer}.1.main.0`;
    const record = { ...exhaustionOf(pointer, 0), stage: 'main' };
    const origin = { stream: 'events-advisories', seq: 9, subject, time: '5' };
    await buryEvent(bed, origin, { consumer: 'meta-consumer', embedded: { subject, record } });
    await kill(bed, writes);
    expect(await replay(bed)).toMatchObject({ replayed: 1, skipped: [] });
    expect(await bed.dead('meta-consumer', 9)).toBeUndefined();
    expect(await bed.parked(consumer, 1)).toMatchObject({ stage: 'retry', cycle: 0 });
    expect(await bed.journal('REPLAYED', 'ROUTED')).toHaveLength(2);
  });
});

describe('a replay whose event dies while it runs', () => {
  it('leaves the new dead letter', async () => {
    const bed = await testBed();
    const { pointer } = await bury(bed);
    const link = seen(
      bed.link,
      'deleteMessage',
      async () => void (await buryEvent(bed, pointer.origin, { cycle: 1 })),
    );
    expect(await replay(bed, undefined, { link })).toMatchObject({ replayed: 1, skipped: [] });
    expect(await bed.dead(consumer, 1)).toMatchObject({ pointer: { cycle: 1 } });
  });
});

describe('a replay that is interrupted', () => {
  it('finishes what it has begun, begins nothing more, and says what it did', async () => {
    const bed = await testBed();
    for (let i = 0; i < 200; i++) await bury(bed);
    const plan = await planReplay(pipelineOf(bed.link, bed.config), { filters: {} });
    const stop = new AbortController();
    let deleted = 0;
    const link = seen(bed.link, 'deleteMessage', () => {
      if (++deleted === 5) stop.abort();
    });
    const result = await carryOut(bed, plan, { link, signal: stop.signal, waitMs: patience });
    expect(result).toMatchObject({ selected: 200, skipped: [], interrupted: true });
    expect(result.replayed).toBeGreaterThanOrEqual(5);
    expect(result.replayed).toBeLessThan(120);
    const left = (await bed.link.streamInfo('events-dlq'))?.state.messages ?? 0;
    expect(left).toBe(200 - result.replayed);
    expect(await replay(bed)).toMatchObject({ selected: left, replayed: left });
  });

  it('goes on when the server comes back, and counts nothing twice', async () => {
    const bed = await testBed();
    for (let i = 0; i < 50; i++) await bury(bed);
    await using impatient = await connectTo(bed.server.url, 'test', 500);
    let deleted = 0;
    const link = seen(impatient, 'deleteMessage', async () => {
      if (++deleted !== 10) return;
      await bed.server.kill9();
      await bed.server.restart();
    });
    expect(await replay(bed, undefined, { link })).toMatchObject({ selected: 50, replayed: 50, skipped: [] });
    expect((await bed.link.streamInfo('events-dlq'))?.state.messages).toBe(0);
    expect((await bed.link.streamInfo('events-retry'))?.state.messages).toBe(50);
    expect(await bed.journal('REPLAYED')).toHaveLength(50);
  });

  it('writes each pointer and each record once, and deletes each, when its connection is cut in the middle', async () => {
    const count = 600;
    const bed = await testBed();
    await buryMany(bed, count);
    const proxy = await startProxy(bed.server.port);
    onTestFinished(() => proxy.close());
    const far = await connectTo(proxy.url);
    const cutAt = [150, 1000];
    let writes = 0;
    const link = seen(far, ['publish', 'deleteMessage'], () => {
      if (cutAt.includes(++writes)) proxy.cut();
    });
    const result = await replay(bed, undefined, { link });
    expect(result).toMatchObject({ selected: count, replayed: count, skipped: [] });
    expect(writes).toBeGreaterThan(3 * count);
    const states = await Promise.all(
      ['events-dlq', 'events-retry'].map(async (name) => (await bed.link.streamInfo(name))?.state),
    );
    expect(states[0]).toMatchObject({ messages: 0 });
    // A second pointer would have taken the place of the first, under another sequence.
    expect(states[1]).toMatchObject({ messages: count, last_seq: count });
    const records = await bed.journal('REPLAYED');
    expect(new Set(records.map(({ record }) => record.origin.seq)).size).toBe(count);
    expect(records).toHaveLength(count);
  });

  it('skips what the server does not take, with its reason', async () => {
    const bed = await testBed();
    await bury(bed);
    await bury(bed);
    await bed.link.jsm.streams.update('events-retry', { max_msgs: 1, discard: 'new' });
    const result = await replay(bed);
    expect(result).toMatchObject({ selected: 2, replayed: 1 });
    expect(result.skipped).toEqual([
      { id: expect.stringContaining(consumer), reason: expect.stringContaining("can't store it") },
    ]);
    expect((await bed.link.streamInfo('events-dlq'))?.state.messages).toBe(1);
  });

  it('waits no longer than it may', async () => {
    const bed = await testBed();
    await bury(bed);
    expect(await replay(bed, undefined, { waitMs: 300 })).toMatchObject({ replayed: 1, pending: 1 });
  });
});
