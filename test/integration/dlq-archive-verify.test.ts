import { describe, expect, it } from 'vitest';
import { movePointers, planMove } from '../../src/lib/dlq/move.js';
import { listDeadLetters } from '../../src/lib/dlq/list.js';
import { showDeadLetter } from '../../src/lib/dlq/show.js';
import { keyOf } from '../../src/lib/dlq/state.js';
import type { Pointer } from '../../src/lib/domain/pointer.js';
import { explainEvent } from '../../src/lib/events/explain/explain.js';
import { writeRecord } from '../../src/lib/journal/write-record.js';
import { repairVerified } from '../../src/lib/verify/repair/repair.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { archive, carryOutVerb, countLetters, operatorOf, planOf, restore } from '../support/archive.js';
import { makeConsumer } from '../support/config.js';
import { bury, consumer, exhaustionOf, journal, Killed, killedAfter } from '../support/dead-letters.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { replay } from '../support/replay.js';

const id = `${consumer}/1`;

/** A dead letter with the records that led to it. */
async function dead(bed: TestBed, overrides: Partial<Pointer> = {}): Promise<Pointer> {
  const { pointer } = await bury(bed, overrides);
  await writeRecord(operatorOf(bed), exhaustionOf(pointer, pointer.cycle));
  await journal(bed, keyOf(pointer, 'retry'), { kind: 'ROUTED', to: 'dlq' });
  return pointer;
}

async function removeDocuments(bed: TestBed): Promise<void> {
  const { name } = bed.config.streams.operations;
  await bed.link.jsm.streams.purge(name, { filter: `${bed.config.roots.operations}.archived.>` });
}

describe('pipeline verify and archived dead letters', () => {
  it('counts them, and is silent about them', async () => {
    const bed = await testBed();
    await dead(bed);
    await dead(bed);
    await archive(bed, { ids: [id] });
    expect((await verifyPipeline(operatorOf(bed))).report).toMatchObject({
      ok: true,
      checked: { deadLetters: 1, archived: 1 },
    });
    // Their event may go: nothing is done with them before they are restored.
    await bed.link.deleteMessage('events', 1);
    const { warnings } = (await verifyPipeline(operatorOf(bed))).report;
    expect(warnings.map(({ kind }) => kind)).not.toContain('original-missing');
  });

  it('names one whose document was removed by hand, and makes it again from the journal', async () => {
    const bed = await testBed();
    const pipeline = operatorOf(bed);
    await dead(bed);
    await archive(bed);
    const before = await showDeadLetter(pipeline, id);
    await removeDocuments(bed);
    const { consumers } = await explainEvent(pipeline, id);
    expect(consumers).toMatchObject([{ state: 'broken' }]);
    const verified = await verifyPipeline(pipeline);
    expect(verified.report.problems).toEqual([
      {
        kind: 'archived-missing',
        id,
        detail: 'it was archived by ada@test: archive it, but is neither kept, nor restored, nor discarded',
        repairable: true,
      },
    ]);
    // Killed before its only write and run again.
    const link = killedAfter(bed.link, 0);
    await expect(repairVerified(operatorOf(bed, link), verified)).rejects.toThrow(Killed);
    expect(await repairVerified(pipeline, verified)).toMatchObject({
      ok: true,
      repaired: [{ kind: 'archived-missing', id, detail: 'it is archived again' }],
    });
    const { archived, ...after } = await showDeadLetter(pipeline, id);
    expect(archived).toEqual(before.archived);
    expect(after).toMatchObject({ deadAt: before.deadAt, reason: before.reason, attempts: before.attempts });
    expect((await verifyPipeline(pipeline)).report.problems).toEqual([]);
    expect(await restore(bed)).toMatchObject({ restored: 1 });
    expect(await replay(bed)).toMatchObject({ replayed: 1 });
  });

  it('says what is lost where the journal can not make it again', async () => {
    const bed = await testBed();
    const pipeline = operatorOf(bed);
    await bury(bed);
    await archive(bed);
    await removeDocuments(bed);
    const verified = await verifyPipeline(pipeline);
    expect(verified.report.problems).toEqual([
      {
        kind: 'archived-missing',
        id,
        detail: expect.stringContaining('what it was can not be made from the journal any more'),
        repairable: false,
      },
    ]);
    expect(await repairVerified(pipeline, verified)).toMatchObject({ ok: false, repaired: [] });
  });

  it('names a restored one that was removed from the DLQ, and brings it back', async () => {
    const bed = await testBed();
    const pipeline = operatorOf(bed);
    await dead(bed);
    await archive(bed);
    await restore(bed);
    const info = await bed.link.streamInfo('events-dlq');
    await bed.link.deleteMessage('events-dlq', info?.state.last_seq ?? 0);
    const verified = await verifyPipeline(pipeline);
    expect(verified.report.problems).toMatchObject([{ kind: 'dead-letter-missing', id, repairable: true }]);
    expect(await repairVerified(pipeline, verified)).toMatchObject({ ok: true });
    expect(await countLetters(bed)).toEqual({ dead: 1, archived: 0 });
    expect((await verifyPipeline(pipeline)).report.problems).toEqual([]);
  });

  it('counts a document that nothing can be read of as malformed', async () => {
    const bed = await testBed();
    await bed.link.publish(`events-operations.archived.${consumer}.9`, '{"v":2}');
    await bed.link.publish(`events-operations.archived.${consumer}.10`, 'forged');
    const { report } = await verifyPipeline(operatorOf(bed));
    expect(report.checked).toMatchObject({ archived: 0 });
    expect(report.warnings.map(({ kind }) => kind)).toContain('malformed');
    const status = { status: 'archived' } as const;
    expect(await listDeadLetters(operatorOf(bed), status)).toEqual({ total: 0, items: [] });
    expect(await explainEvent(operatorOf(bed), '1').catch(({ code }) => code)).toBe('NOT_FOUND');
  });
});

describe('a move to a new name', () => {
  const from = 'billing';
  const move = { from, to: 'invoices' };

  it('leaves archived ones under the old one, to be listed, restored and then moved, or discarded', async () => {
    const bed = await testBed({ consumers: [makeConsumer({ name: move.to, start: { at: 'new' } })] });
    const pipeline = operatorOf(bed);
    await dead(bed, { consumer: from });
    await dead(bed, { consumer: from });
    await archive(bed, { filters: { consumer: from, selection: 'seq:1' } });
    await movePointers(pipeline, move);
    const status = { status: 'archived' } as const;
    const filters = { ...status, consumer: from };
    expect((await listDeadLetters(pipeline, filters)).items.map(({ id }) => id)).toEqual([`${from}/1`]);
    expect((await verifyPipeline(pipeline)).report).toMatchObject({ problems: [], checked: { archived: 1 } });
    expect(await restore(bed, { ids: [`${from}/1`] })).toMatchObject({ restored: 1 });
    expect(await planMove(pipeline, move)).toMatchObject({ dlq: 1 });
    const { deadAt } = await showDeadLetter(pipeline, `${from}/1`);
    expect(await movePointers(pipeline, move)).toMatchObject({ moved: 1, skipped: [] });
    expect(await showDeadLetter(pipeline, `${move.to}/1`)).toMatchObject({ deadAt, status: 'dead' });
    expect(await replay(bed)).toMatchObject({ replayed: 2, skipped: [] });
    expect((await verifyPipeline(pipeline)).report.problems).toEqual([]);
  });

  it('they can be discarded under the old one', async () => {
    const bed = await testBed({ consumers: [makeConsumer({ name: move.to, start: { at: 'new' } })] });
    await dead(bed, { consumer: from });
    await archive(bed, { filters: { consumer: from } });
    const plan = await planOf(bed, 'discard', { filters: { status: 'archived', consumer: from } });
    expect(await carryOutVerb(bed, 'discard', plan)).toMatchObject({ discarded: 1 });
    expect((await verifyPipeline(operatorOf(bed))).report).toMatchObject({
      problems: [],
      checked: { archived: 0 },
    });
  });
});
