import { describe, expect, it } from 'vitest';
import { listDeadLetters } from '../../src/lib/dlq/list.js';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { showDeadLetter } from '../../src/lib/dlq/show.js';
import { maxRoutableBytes } from '../../src/lib/domain/decode.js';
import { encodePointer } from '../../src/lib/domain/pointer.js';
import { nothingKnown } from '../../src/lib/domain/standing-records.js';
import { explainEvent } from '../../src/lib/events/explain/explain.js';
import { routeExhaustion } from '../../src/lib/routing/route.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { archive, carryOutVerb, countLetters, operatorOf, planOf, restore } from '../support/archive.js';
import { bury, buryEvent, consumer, exhaustionOf, seen } from '../support/dead-letters.js';
import { testBed } from '../support/pipeline.js';
import { everything, replay } from '../support/replay.js';
import { worded } from '../support/suggestions.js';

const archivedOnes = { status: 'archived' } as const;

describe('dlq archive and dlq restore', () => {
  it('keep a dead letter out of the DLQ, and bring it back as it was', async () => {
    const bed = await testBed();
    const pipeline = operatorOf(bed);
    const { id, pointer } = await bury(bed);
    const other = await bury(bed, { cycle: 2 });
    const before = await showDeadLetter(pipeline, other.id);
    expect(before).toMatchObject({ status: 'dead', cycle: 2 });
    expect(await archive(bed, { ids: [other.id] })).toEqual({
      task: 'archive-test',
      selected: 1,
      archived: 1,
      skipped: [],
    });
    expect(await countLetters(bed)).toEqual({ dead: 1, archived: 1 });
    expect(await listDeadLetters(pipeline)).toMatchObject({ total: 1, items: [{ id, status: 'dead' }] });
    const { archived, history, ...after } = await showDeadLetter(pipeline, other.id);
    const { history: _, ...same } = before;
    expect(after).toEqual({ ...same, status: 'archived' });
    expect(archived).toEqual({
      at: expect.any(String),
      operator: 'ada@test',
      reason: 'archive it',
      task: 'archive-test',
    });
    expect(history.at(-1)).toMatchObject({ kind: 'ARCHIVED', operator: 'ada@test', note: 'archive it' });
    const filters = { selection: 'status:*' };
    expect((await listDeadLetters(pipeline, filters)).items.map((item) => [item.id, item.status])).toEqual([
      [id, 'dead'],
      [other.id, 'archived'],
    ]);
    expect(await listDeadLetters(pipeline, archivedOnes)).toMatchObject({
      total: 1,
      items: [{ id: other.id, deadAt: before.deadAt, archived }],
    });

    expect(await restore(bed)).toEqual({ task: 'restore-test', selected: 1, restored: 1, skipped: [] });
    expect(await countLetters(bed)).toEqual({ dead: 2, archived: 0 });
    const { history: told, ...back } = await showDeadLetter(pipeline, other.id);
    expect(back).toEqual(same);
    expect(told.slice(-2).map(({ kind }) => kind)).toEqual(['ARCHIVED', 'RESTORED']);
    expect(await bed.dead(consumer, other.pointer.origin.seq)).toMatchObject({
      pointer: { ...other.pointer, deadAt: before.deadAt },
    });
    expect(pointer.origin.seq).toBe(1);
    expect((await verifyPipeline(pipeline)).report.problems).toEqual([]);
  });

  it('can be repeated: archived, restored, archived again, and the last word counts', async () => {
    const bed = await testBed();
    const pipeline = operatorOf(bed);
    const { id } = await bury(bed);
    const { deadAt } = await showDeadLetter(pipeline, id);
    for (let round = 0; round < 3; round++) {
      expect(await archive(bed)).toMatchObject({ archived: 1 });
      expect(await explainEvent(pipeline, id)).toMatchObject({ consumers: [{ state: 'archived' }] });
      if (round === 2) break;
      expect(await restore(bed)).toMatchObject({ restored: 1 });
      expect(await explainEvent(pipeline, id)).toMatchObject({ consumers: [{ state: 'dead' }] });
    }
    const { history, deadAt: still } = await showDeadLetter(pipeline, id);
    expect(still).toBe(deadAt);
    expect(history.map(({ kind }) => kind)).toEqual([
      'ARCHIVED',
      'RESTORED',
      'ARCHIVED',
      'RESTORED',
      'ARCHIVED',
    ]);
    expect((await verifyPipeline(pipeline)).report).toMatchObject({
      ok: true,
      checked: { archived: 1, deadLetters: 0 },
    });
    expect(await restore(bed)).toMatchObject({ restored: 1 });
    // Replayed, it dies at another time.
    expect(await replay(bed)).toMatchObject({ replayed: 1 });
    expect(await bed.parked(consumer, 1)).not.toHaveProperty('deadAt');
  });

  it('are told by events explain, with who, why, and what comes next', async () => {
    const bed = await testBed();
    const pipeline = operatorOf(bed);
    const { id } = await bury(bed);
    await archive(bed);
    const { consumers, next } = await explainEvent(pipeline, id);
    expect(consumers[0]).toMatchObject({ state: 'archived' });
    expect(consumers[0]?.history.at(-1)?.text).toBe('archived by ada@test: archive it');
    expect(next[0]).toEqual({
      consumer,
      at: null,
      text: 'stays archived until it is restored or discarded',
      suggestions: [
        worded(`plutomi-events dlq restore ${id}`),
        worded(`plutomi-events dlq discard ${id} --archived --reason <text>`),
      ],
    });
    await expect(showDeadLetter(pipeline, id, 'dead')).rejects.toThrow(
      /: it was archived at \S+ \S+ UTC by ada@test/,
    );
    await restore(bed);
    const told = await explainEvent(pipeline, id);
    expect(told.consumers[0]?.history.at(-1)?.text).toBe('restored by ada@test: restore it');
    expect(told.next[0]?.text).toBe('stays in the DLQ until it is replayed or discarded');
    await expect(showDeadLetter(pipeline, id, 'archived')).rejects.toThrow(
      `no archived dead letter ${id}: it is in the DLQ`,
    );
  });

  it('select by the same terms, and by groups, of those that are meant', async () => {
    const bed = await testBed();
    const pipeline = operatorOf(bed);
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) ids.push((await bury(bed, { data: { n: i } })).id);
    const { items } = await listDeadLetters(pipeline);
    expect(await archive(bed, { filters: { selection: 'seq:2..4' } })).toMatchObject({ archived: 3 });
    // Archived ones come in the order of their archiving, which may be any of several at once.
    const listed = async (selection: string): Promise<string[]> =>
      (await listDeadLetters(pipeline, { selection })).items
        .map(({ id }) => id)
        .toSorted((a, b) => a.localeCompare(b));
    expect(await listed(`status:archived consumer:${consumer} seq:>2 age:<1h`)).toEqual([ids[2], ids[3]]);
    expect(await listed(`status:archived group:${items[0]?.fingerprint.slice(0, 8)}`)).toEqual(ids.slice(1));
    expect(await listed('status:archived original:present data.n:3')).toEqual([ids[3]]);
    expect(await listed('-status:archived')).toEqual([ids[0]]);
    expect(await listed('status:dead,archived')).toEqual(ids);
    expect(await listed('status:dead status:archived')).toEqual([]);
    expect(await restore(bed, { filters: { selection: 'seq:3' } })).toMatchObject({
      selected: 1,
      restored: 1,
    });
    // Stored last, and dead before: counted by when it died. Two may die in one millisecond.
    const { deadAt } = items[3] ?? { deadAt: '' };
    const since = { sinceMs: Date.parse(deadAt) + 1 };
    expect(await listDeadLetters(pipeline, since, 1)).toMatchObject({ total: 0, items: [] });
    expect(await listDeadLetters(pipeline, {}, 1)).toMatchObject({ total: 2 });
  });

  it('skip what is not meant for them, and say what is', async () => {
    const bed = await testBed();
    const pipeline = operatorOf(bed);
    const { id } = await bury(bed);
    await bed.link.publish(`events-dlq.${consumer}.77`, '{}');
    expect((await planOf(bed, 'archive')).skipped).toEqual([
      {
        id: `${consumer}/77`,
        reason: expect.stringContaining('not a pointer'),
        suggestions: [worded(`plutomi-events dlq discard ${consumer}/77 --reason <text>`)],
      },
    ]);
    await archive(bed, { ids: [id] });
    expect((await planReplay(pipeline, { filters: archivedOnes })).skipped).toEqual([
      {
        id,
        reason: 'it is archived',
        suggestions: [worded(`restore it first: plutomi-events dlq restore ${id}`)],
      },
    ]);
    expect((await planOf(bed, 'archive', { filters: archivedOnes })).skipped).toEqual([
      { id, reason: 'it is archived already' },
    ]);
    expect((await planOf(bed, 'restore', { filters: { selection: 'status:dead' } })).skipped).toMatchObject([
      { id: `${consumer}/77`, reason: 'it is in the DLQ, and not archived' },
    ]);
    await expect(planReplay(pipeline, { ids: [id] })).rejects.toThrow(/it was archived/);
    await expect(planOf(bed, 'restore', { ids: [`${consumer}/77`] })).rejects.toThrow(/it is in the DLQ/);
    await expect(planOf(bed, 'restore', { ids: [`${consumer}/5`] })).rejects.toThrow(
      /^no archived dead letter/,
    );
  });

  it('discard ends archived ones', async () => {
    const bed = await testBed();
    const pipeline = operatorOf(bed);
    const { id } = await bury(bed);
    await archive(bed);
    expect(await planOf(bed, 'discard', everything)).toMatchObject({ items: [] });
    const plan = await planOf(bed, 'discard', { ids: [id], status: 'archived' });
    expect(await carryOutVerb(bed, 'discard', plan)).toEqual({
      task: 'discard-test',
      selected: 1,
      discarded: 1,
      skipped: [],
    });
    expect(await countLetters(bed)).toEqual({ dead: 0, archived: 0 });
    expect(await explainEvent(pipeline, id)).toMatchObject({ consumers: [{ state: 'discarded' }] });
    expect((await verifyPipeline(pipeline)).report.problems).toEqual([]);
  });

  it('archive and restore dead letters of the meta tier too', async () => {
    const bed = await testBed();
    const { pointer, dlqSeq } = await bury(bed);
    await bed.link.deleteMessage('events-dlq', dlqSeq);
    const subject = `events-advisories.business.MAX_DELIVERIES.${consumer}.1.main.0`;
    const record = { ...exhaustionOf(pointer, 0), stage: 'main' };
    const origin = { stream: 'events-advisories', seq: 9, subject, time: '5' };
    const embedded = { subject, record };
    await buryEvent(bed, origin, { consumer: 'meta-consumer', embedded });
    expect(await archive(bed)).toMatchObject({ archived: 1, skipped: [] });
    expect((await verifyPipeline(operatorOf(bed))).report).toMatchObject({
      problems: [],
      checked: { archived: 1 },
    });
    expect(await restore(bed)).toMatchObject({ restored: 1, skipped: [] });
    expect(await bed.dead('meta-consumer', 9)).toMatchObject({ pointer: { embedded } });
    expect(await replay(bed)).toMatchObject({ replayed: 1, skipped: [] });
  });

  it('an exhaustion that is told again does not write what is archived', async () => {
    const bed = await testBed();
    const { pointer } = await bury(bed);
    await archive(bed);
    const told = exhaustionOf(pointer, 0);
    expect(await routeExhaustion(operatorOf(bed), told, nothingKnown)).toEqual({
      to: 'nowhere',
      because: 'ARCHIVED',
    });
    expect(await countLetters(bed)).toEqual({ dead: 0, archived: 1 });
    await restore(bed);
    expect(await routeExhaustion(operatorOf(bed), told, nothingKnown)).toMatchObject({ to: 'nowhere' });
    expect(await countLetters(bed)).toEqual({ dead: 1, archived: 0 });
  });

  it('never deletes a newer dead letter of the same event', async () => {
    const bed = await testBed();
    const { pointer } = await bury(bed);
    const link = seen(
      bed.link,
      'deleteMessage',
      async () => void (await buryEvent(bed, pointer.origin, { cycle: 1 })),
    );
    await archive(bed, everything, { link });
    expect(await bed.dead(consumer, 1)).toMatchObject({ pointer: { cycle: 1 } });
    // What was archived is of the cycle before, and does not come back over it.
    const { skipped } = await restore(bed);
    expect(skipped).toMatchObject([{ id: `${consumer}/1` }]);
    expect(await bed.dead(consumer, 1)).toMatchObject({ pointer: { cycle: 1 } });
  });

  it('take a note as long as it is kept elsewhere, and a pointer as large as the server takes', async () => {
    const bed = await testBed();
    const text = 'x'.repeat(maxRoutableBytes - 3000);
    const { pointer } = await bury(bed, { embedded: { text } });
    const room = maxRoutableBytes - Buffer.byteLength(encodePointer(pointer));
    // As large as one can be: there is no room for its time of death.
    await buryEvent(bed, pointer.origin, { cycle: 1, embedded: { text: `${text}${'x'.repeat(room)}` } });
    expect(await archive(bed, everything, { note: 'y'.repeat(5000) })).toMatchObject({ archived: 1 });
    const [item] = (await listDeadLetters(operatorOf(bed), archivedOnes)).items;
    expect(item?.archived?.reason).toMatch(/^y{1000,}…$/);
    expect(await restore(bed)).toMatchObject({ restored: 1 });
    expect(await bed.dead(consumer, 1)).toMatchObject({
      pointer: { embedded: { text: expect.any(String) } },
    });
  });

  it('need the stream of what people decided, and name what makes it', async () => {
    const bed = await testBed();
    await bury(bed);
    await bed.link.jsm.streams.delete('events-operations');
    for (const verb of ['archive', 'restore'] as const) {
      await expect(planOf(bed, verb)).rejects.toMatchObject({
        code: 'NO_STREAM',
        suggestions: expect.arrayContaining([worded('plutomi-events pipeline apply')]),
      });
    }
    // Who only reads finds none.
    expect(await listDeadLetters(operatorOf(bed), archivedOnes)).toEqual({ total: 0, items: [] });
    expect(await listDeadLetters(operatorOf(bed))).toMatchObject({ total: 1 });
    expect((await verifyPipeline(operatorOf(bed))).report.checked).toMatchObject({ archived: 0 });
  });
});
