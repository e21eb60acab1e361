import type { Link } from '../../src/lib/nats/link.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import {
  discardDeadLetters,
  type DiscardOptions,
  type DiscardResult,
  planDiscard,
} from '../../src/lib/dlq/discard.js';
import type { LetterPlan, LetterSelection } from '../../src/lib/dlq/plan/plan-letters.js';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { showDeadLetter } from '../../src/lib/dlq/show.js';
import { keyOf } from '../../src/lib/dlq/state.js';
import { explainEvent } from '../../src/lib/events/explain/explain.js';
import { nothingKnown } from '../../src/lib/domain/standing-records.js';
import { routeExhaustion } from '../../src/lib/routing/route.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import {
  bury,
  buryEvent,
  consumer,
  exhaustionOf,
  type Ground,
  journal,
  Killed,
  killedAfter,
  seen,
} from '../support/dead-letters.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { carryOut, everything, replay } from '../support/replay.js';
import { worded } from '../support/suggestions.js';

const reason = 'sent by hand';

/** What a test wants different, and a connection that fares differently. */
type Overrides = Partial<DiscardOptions> & { readonly link?: Link };

function carryOutDiscard(bed: Ground, plan: LetterPlan, { link = bed.link, ...options }: Overrides = {}) {
  const identity = { worker: 'test:1:discard', operator: 'ada@test' };
  const pipeline = pipelineOf(link, bed.config, { identity });
  return discardDeadLetters(pipeline, plan, { task: 'discard-test', note: reason, ...options });
}

async function discard(
  bed: Ground,
  selection: LetterSelection = everything,
  overrides: Overrides = {},
): Promise<DiscardResult> {
  const plan = await planDiscard(pipelineOf(bed.link, bed.config), selection);
  return carryOutDiscard(bed, plan, overrides);
}

async function kill(bed: TestBed, writes: number): Promise<LetterPlan> {
  const plan = await planDiscard(pipelineOf(bed.link, bed.config), everything);
  const link = killedAfter(bed.link, writes);
  await expect(carryOutDiscard(bed, plan, { link })).rejects.toThrow(Killed);
  return plan;
}

const left = async (bed: TestBed): Promise<number> =>
  (await bed.link.streamInfo('events-dlq'))?.state.messages ?? 0;

describe('dlq discard', () => {
  it('ends exactly what is selected, with who and why in the journal, and everything knows it', async () => {
    const bed = await testBed();
    const { id, pointer } = await bury(bed);
    const other = await bury(bed);
    expect(await discard(bed, { ids: [id] })).toEqual({
      task: 'discard-test',
      selected: 1,
      discarded: 1,
      skipped: [],
    });
    expect(await bed.dead(consumer, 1)).toBeUndefined();
    expect(await bed.dead(consumer, 2)).toMatchObject({ pointer: other.pointer });
    expect(await bed.journal('DISCARDED')).toMatchObject([
      {
        record: {
          tier: 'business',
          consumer,
          stage: 'dlq',
          cycle: 0,
          origin: pointer.origin,
          operator: 'ada@test',
          note: reason,
          task: 'discard-test',
        },
      },
    ]);
    await expect(showDeadLetter(pipelineOf(bed.link, bed.config), id)).rejects.toThrow(
      /^no dead letter notifications-consumer\/1: it was discarded at \d{4}-\d\d-\d\d [\d:]{8} UTC by ada@test: sent by hand$/,
    );
    const { consumers, next } = await explainEvent(pipelineOf(bed.link, bed.config), id);
    expect(consumers).toMatchObject([{ state: 'discarded' }]);
    expect(consumers[0]?.history.at(-1)?.text).toBe('discarded by ada@test: sent by hand');
    expect(next.filter((step) => step.consumer === consumer)).toEqual([]);
    expect((await verifyPipeline(pipelineOf(bed.link, bed.config))).report.problems).toEqual([]);
    expect(await bed.link.readFromLeader('events', 1)).toBeDefined();
  });

  it('ends what nothing else can: without an original, of a consumer that is gone, resolved late, forged', async () => {
    const bed = await testBed();
    const missing = await bury(bed);
    await bed.link.deleteMessage('events', missing.pointer.origin.seq);
    await bury(bed, { consumer: 'old-mailer' });
    const late = await bury(bed);
    await journal(bed, keyOf(late.pointer, 'main'), { kind: 'RESOLVED', attempt: 1, late: true });
    await bed.link.publish('events-dlq.some.thing', 'forged');
    await bed.link.publish(`events-dlq.${consumer}.77`, '{}');
    // No consumer runs here, so that the event was deleted before one was given it: that is a problem of its own.
    const verify = async () => {
      const { problems, warnings } = (await verifyPipeline(pipelineOf(bed.link, bed.config))).report;
      return { problems: problems.filter(({ kind }) => kind !== 'event-lost'), warnings };
    };
    expect(await verify()).toMatchObject({
      problems: [{ kind: 'stranded', id: 'old-mailer/2' }],
      warnings: expect.arrayContaining([
        {
          kind: 'original-missing',
          detail: `the original of dead letter ${missing.id} is gone or replaced: they can't be replayed, only discarded`,
          suggestions: [worded(`plutomi-events dlq discard ${missing.id} --reason <text>`)],
        },
      ]),
    });
    expect(await planDiscard(pipelineOf(bed.link, bed.config), everything)).toMatchObject({
      missing: 1,
      skipped: [],
    });
    expect(await discard(bed)).toMatchObject({ selected: 5, discarded: 5, skipped: [] });
    expect(await left(bed)).toBe(0);
    expect((await verify()).problems).toEqual([]);
    expect((await bed.journal('DISCARDED')).map(({ record }) => record.consumer).toSorted()).toEqual([
      'events-dlq',
      consumer,
      consumer,
      consumer,
      'old-mailer',
    ]);
    const { problems, warnings } = await verify();
    expect(problems).toEqual([]);
    expect(warnings.map(({ kind }) => kind)).not.toContain('original-missing');
  });

  it.each([0, 1, 2])('killed after %i writes and run again, it converges', async (writes) => {
    const bed = await testBed();
    await bury(bed);
    if (writes < 2) await kill(bed, writes);
    else await discard(bed);
    expect(await left(bed)).toBe(writes === 2 ? 0 : 1);
    // What was journaled as discarded is not brought back.
    const again = await planReplay(pipelineOf(bed.link, bed.config), everything);
    expect(again.items).toHaveLength(writes === 0 ? 1 : 0);
    if (writes === 1) {
      expect(again.skipped).toEqual([
        { id: `${consumer}/1`, reason: expect.stringContaining('its discard was interrupted') },
      ]);
    }
    if (writes < 2) await kill(bed, 0);
    expect(await discard(bed)).toMatchObject({ discarded: writes === 2 ? 0 : 1, skipped: [] });
    expect(await left(bed)).toBe(0);
    expect(await bed.journal('DISCARDED')).toHaveLength(1);
    expect((await verifyPipeline(pipelineOf(bed.link, bed.config))).report.problems).toEqual([]);
  });

  it.each([1, 2])('leaves alone what a replay that was killed after %i writes has begun', async (writes) => {
    const bed = await testBed();
    await bury(bed);
    const plan = await planReplay(pipelineOf(bed.link, bed.config), everything);
    const link = killedAfter(bed.link, writes);
    await expect(carryOut(bed, plan, { link })).rejects.toThrow(Killed);
    expect(await discard(bed)).toMatchObject({
      discarded: 0,
      skipped: [{ id: `${consumer}/1`, reason: expect.stringContaining('replay it again') }],
    });
    expect(await replay(bed)).toMatchObject({ replayed: 1 });
    expect(await left(bed)).toBe(0);
    expect(await bed.journal('DISCARDED')).toEqual([]);
  });

  it('leaves alone what a replay has begun and brought to its end, without having recorded itself', async () => {
    const bed = await testBed();
    const { pointer } = await bury(bed);
    await journal(bed, keyOf(pointer, 'retry', 1), { kind: 'RESOLVED', attempt: 1 });
    expect(await discard(bed)).toMatchObject({
      discarded: 0,
      skipped: [{ id: `${consumer}/1`, reason: expect.stringContaining('replay it again') }],
    });
    expect(await bed.journal('DISCARDED')).toEqual([]);
    expect(await replay(bed)).toMatchObject({ replayed: 1, skipped: [] });
    expect(await left(bed)).toBe(0);
  });

  it('never deletes a newer dead letter of the same event', async () => {
    const bed = await testBed();
    const { pointer } = await bury(bed);
    const link = seen(
      bed.link,
      'deleteMessage',
      async () => void (await buryEvent(bed, pointer.origin, { cycle: 1 })),
    );
    await discard(bed, everything, { link });
    expect(await bed.dead(consumer, 1)).toMatchObject({ pointer: { cycle: 1 } });
    const plan = await planDiscard(pipelineOf(bed.link, bed.config), everything);
    await buryEvent(bed, pointer.origin, { cycle: 2 });
    expect(await carryOutDiscard(bed, plan)).toMatchObject({
      discarded: 0,
      skipped: [{ id: `${consumer}/1`, reason: expect.stringContaining('died again') }],
    });
    expect(await bed.dead(consumer, 1)).toMatchObject({ pointer: { cycle: 2 } });
  });

  it.each([0, 1, 2, 3])(
    'ends a dead letter of the meta tier and its event, killed after %i writes',
    async (writes) => {
      const bed = await testBed();
      const { pointer, dlqSeq } = await bury(bed);
      await bed.link.deleteMessage('events-dlq', dlqSeq);
      const subject = `events-advisories.business.MAX_DELIVERIES.${consumer}.1.main.0`;
      const record = { ...exhaustionOf(pointer, 0), stage: 'main' };
      const origin = { stream: 'events-advisories', seq: 9, subject, time: '5' };
      await buryEvent(bed, origin, { consumer: 'meta-consumer', embedded: { subject, record } });
      if (writes < 3) await kill(bed, writes);
      expect(await discard(bed)).toMatchObject({ selected: 1, discarded: 1, skipped: [] });
      expect(await left(bed)).toBe(0);
      expect(
        (await bed.journal('DISCARDED')).map(({ record: { tier, consumer } }) => [tier, consumer]),
      ).toEqual([
        ['business', consumer],
        ['meta', 'meta-consumer'],
      ]);
      const { consumers } = await explainEvent(pipelineOf(bed.link, bed.config), `${consumer}/1`);
      expect(consumers).toMatchObject([{ state: 'discarded' }]);
      // Told again, it is not routed after all.
      const tools = pipelineOf(bed.link, bed.config);
      const told = { ...exhaustionOf(pointer, 0), stage: 'main' } as const;
      expect(await routeExhaustion(tools, told, nothingKnown)).toEqual({
        to: 'nowhere',
        because: 'DISCARDED',
      });
      expect(await bed.parked(consumer, 1)).toBeUndefined();
      expect((await verifyPipeline(pipelineOf(bed.link, bed.config))).report.problems).toEqual([]);
    },
  );

  it('finishes what it has begun when it is interrupted, and says so', async () => {
    const bed = await testBed();
    for (let i = 0; i < 200; i++) await bury(bed);
    const stop = new AbortController();
    let deleted = 0;
    const link = seen(bed.link, 'deleteMessage', () => {
      if (++deleted === 5) stop.abort();
    });
    const result = await discard(bed, everything, { link, signal: stop.signal });
    expect(result).toMatchObject({ selected: 200, skipped: [], interrupted: true });
    expect(result.discarded).toBeLessThan(120);
    expect(await left(bed)).toBe(200 - result.discarded);
    expect(await bed.journal('DISCARDED')).toHaveLength(result.discarded);
  });
});
