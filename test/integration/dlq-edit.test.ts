import { describe, expect, it } from 'vitest';
import { changeBy } from '../../src/lib/dlq/edit/changes.js';
import { editDeadLetters, planEdit } from '../../src/lib/dlq/edit/edit.js';
import { listDeadLetters } from '../../src/lib/dlq/list.js';
import { showDeadLetter } from '../../src/lib/dlq/show.js';
import { parsePath, parseSetting } from '../../src/lib/domain/edit.js';
import { decodePointer, encodePointer } from '../../src/lib/domain/pointer.js';
import { explainEvent } from '../../src/lib/events/explain/explain.js';
import type { PlutomiEvent } from '../../src/lib/handlers/contract.js';
import type { Link } from '../../src/lib/nats/link.js';
import { fetchOriginal } from '../../src/lib/pointers/original.js';
import { colorsFor } from '../../src/lib/render/colors.js';
import { renderDeadLetter } from '../../src/lib/render/dead-letter.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { bury, consumer, Killed, killedAfter, makePointer, originAt } from '../support/dead-letters.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { replay } from '../support/replay.js';

const identity = { worker: 'test:1:edit', operator: 'ada@test' };
const change = (...settings: string[]) =>
  changeBy(
    { set: settings.flatMap((text) => parseSetting(text) ?? []), unset: [parsePath('data.old') ?? []] },
    undefined,
  );

async function edit(bed: TestBed, settings: string[], link: Link = bed.link, task = 'edit-1') {
  const by = change(...settings);
  const plan = await planEdit(pipelineOf(bed.link, bed.config), { filters: {} }, by);
  return editDeadLetters(pipelineOf(link, bed.config, { identity }), plan, by, {
    note: 'the street was missing',
    task,
    waitMs: link === bed.link ? 15_000 : 0,
  });
}

async function runs(bed: TestBed, isBroken = false) {
  const seen: PlutomiEvent[] = [];
  const run = await bed.run({
    [consumer]: (event, { stage }) => {
      if (stage === 'main') return;
      seen.push(event);
      if (isBroken) throw new Error('still down');
    },
  });
  return { run, seen };
}

const keptCount = async (bed: TestBed) => (await bed.link.streamInfo('events-kept'))?.state.messages;
const problems = async (bed: TestBed) =>
  (await verifyPipeline(pipelineOf(bed.link, bed.config))).report.problems;

describe('dlq edit', () => {
  it('gives the handler the edited event, leaves the original, and says who and why', async () => {
    const bed = await testBed();
    await bury(bed, { data: { user: { id: 1 }, old: true } });
    const { seen } = await runs(bed);
    expect(await edit(bed, ['data.user.street=Main', 'data.big=12345678901234567890', 'header.X=y'])).toEqual(
      {
        task: 'edit-1',
        selected: 1,
        changed: 1,
        unchanged: 0,
        invalid: [],
        replayed: 1,
        resolved: 1,
        deadAgain: 0,
        pending: 0,
      },
    );
    expect(seen.map(({ text, edited, headers, seq }) => [text, edited, headers['X'], seq])).toEqual([
      ['{"user":{"id":1,"street":"Main"},"big":12345678901234567890}', true, ['y'], 1],
    ]);
    const original = await bed.link.readFromLeader('events', 1);
    expect(Buffer.from(original?.data ?? []).toString()).toBe('{"user":{"id":1},"old":true}');
    const { consumers } = await explainEvent(pipelineOf(bed.link, bed.config), `${consumer}/1`);
    expect(
      consumers[0]?.history.filter(({ kind }) => kind === 'EDITED' || kind === 'REPLAYED'),
    ).toMatchObject([
      { kind: 'EDITED', cycle: 1, operator: 'ada@test', note: 'the street was missing', task: 'edit-1' },
      { kind: 'REPLAYED', cycle: 1 },
    ]);
    await bed.quiet();
    expect(await keptCount(bed)).toBe(0);
    expect(await problems(bed)).toEqual([]);
  });

  it('leaves what would not change, and what the schema refuses', async () => {
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) =>
          (value as { n?: unknown }).n === 3 ? { issues: [{ message: 'not 3' }] } : { value },
      },
    };
    const bed = await testBed({
      events: [{ type: 'totp.requested', subject: 'events.totp.requested', schema }],
    });
    await bury(bed, { data: { n: 3 } });
    await bury(bed, { data: { n: 2, ok: true } });
    await bury(bed, { data: 'text' });
    const plan = await planEdit(pipelineOf(bed.link, bed.config), { filters: {} }, change('data.ok=true'));
    expect(plan).toMatchObject({
      items: [],
      unchanged: 1,
      invalid: [
        { id: `${consumer}/1`, reason: /schema of totp.requested: .*not 3/ },
        { id: `${consumer}/3`, reason: /expected an object around ok/ },
      ],
    });
  });

  it('is used by a later replay too, and goes when it is resolved', async () => {
    const bed = await testBed();
    await bury(bed, { data: { a: 1 } });
    const broken = await runs(bed, true);
    expect(await edit(bed, ['data.a=2'])).toMatchObject({ deadAgain: 1 });
    await bed.quiet();
    await broken.run.stop();
    expect(await keptCount(bed)).toBe(1);
    const { seen } = await runs(bed);
    // The original may be gone by now.
    await bed.link.deleteMessage('events', 1);
    expect(await replay(bed, undefined, { waitMs: 15_000 })).toMatchObject({ resolved: 1 });
    expect(seen.map(({ text, edited }) => [text, edited])).toEqual([['{"a":2}', true]]);
    await bed.quiet();
    expect(await keptCount(bed)).toBe(0);
  });

  it('is said by lists, and shown as what is handled next, with the original behind it', async () => {
    const bed = await testBed();
    const pipeline = pipelineOf(bed.link, bed.config);
    await bury(bed, { data: { a: 1 } });
    const edited = async () => (await listDeadLetters(pipeline, {})).items.map((item) => item.edited);
    const shown = () => showDeadLetter(pipeline, `${consumer}/1`);
    expect([await edited(), (await shown()).edited, (await shown()).editedEvent]).toEqual([
      [false],
      false,
      undefined,
    ]);
    const broken = await runs(bed, true);
    expect(await edit(bed, ['data.a=2', 'header.X=y'])).toMatchObject({ deadAgain: 1 });
    await bed.quiet();
    await broken.run.stop();
    expect(await edited()).toEqual([true]);
    expect(await shown()).toMatchObject({
      edited: true,
      event: { data: { a: 1 } },
      editedEvent: {
        data: { a: 2 },
        headers: { X: ['y'] },
        cycle: 1,
        editedBy: 'ada@test',
        why: 'the street was missing',
      },
    });
    const text = renderDeadLetter(await shown(), {
      colors: colorsFor({ isTty: false, off: true }),
      width: 80,
      nowMs: 0,
    });
    expect(text).toMatch(
      /event, edited for cycle 1 \S+ \S+ UTC by ada@test: the street was missing\n {2}X: y\n {2}\{\n {4}"a": 2\n {2}\}\n\noriginal, stored \S+ \S+ UTC\n {2}\{\n {4}"a": 1/,
    );
    await bed.link.deleteMessage('events', 1);
    expect(await shown()).toMatchObject({ edited: true, event: null, editedEvent: { data: { a: 2 } } });
  });

  it('that was interrupted before its replay is what the next replay handles', async () => {
    const bed = await testBed();
    const pipeline = pipelineOf(bed.link, bed.config);
    await bury(bed, { data: { a: 1 } });
    await expect(edit(bed, ['data.a=2'], killedAfter(bed.link, 1))).rejects.toThrow(Killed);
    expect((await listDeadLetters(pipeline, {})).items).toMatchObject([{ edited: true, cycle: 0 }]);
    expect(await showDeadLetter(pipeline, `${consumer}/1`)).toMatchObject({
      edited: true,
      editedEvent: { data: { a: 2 }, cycle: 1 },
    });
  });

  // The version, EDITED, the pointer, REPLAYED, the deletion.
  it.each([0, 1, 2, 3, 4])('killed after %i writes and run again, it is done once', async (writes) => {
    const bed = await testBed();
    await bury(bed, { data: { a: 1 } });
    await expect(edit(bed, ['data.a=2'], killedAfter(bed.link, writes), 'edit-0')).rejects.toThrow(Killed);
    expect(await problems(bed)).toEqual([]);
    const { seen } = await runs(bed);
    if (writes >= 3) await bed.quiet();
    expect(await edit(bed, ['data.a=2'])).toMatchObject({
      changed: 1,
      replayed: 1,
      resolved: 1,
      invalid: [],
    });
    await bed.quiet();
    expect(seen.map(({ text, edited }) => [text, edited])).toEqual([['{"a":2}', true]]);
    expect(await bed.dead(consumer, 1)).toBeUndefined();
    expect(await bed.journal('REPLAYED')).toHaveLength(1);
  });

  it('gives no older worker an event that it would not know as edited', async () => {
    const bed = await testBed();
    await bed.publish('totp.requested', {}, 'the-id');
    const origin = await originAt(bed, 1);
    const pointer = makePointer(origin, { stage: 'retry', cycle: 1, edited: 1 });
    const written = JSON.parse(encodePointer(pointer));
    // What an older version compares is another event.
    expect(await fetchOriginal(bed.link, written.origin)).toEqual({ state: 'replaced' });
    const read = decodePointer(Buffer.from(JSON.stringify(written)), undefined);
    expect(read).toMatchObject({ ok: true, value: { origin, edited: 1 } });
  });
});
