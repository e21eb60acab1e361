import { describe, expect, it } from 'vitest';
import { discardDeadLetters, planDiscard } from '../../../src/lib/dlq/discard.js';
import { listDeadLetters } from '../../../src/lib/dlq/list.js';
import { showDeadLetter } from '../../../src/lib/dlq/show.js';
import { explainEvent } from '../../../src/lib/events/explain/explain.js';
import type { PlutomiEvent } from '../../../src/lib/handlers/contract.js';
import { updateStream } from '../../../src/lib/nats/objects.js';
import type { StoredMessage } from '../../../src/lib/nats/wire/message.js';
import { readKept } from '../../../src/lib/pointers/kept/read-kept.js';
import { writePointer } from '../../../src/lib/pointers/write-pointer.js';
import { verifyPipeline } from '../../../src/lib/verify/verify.js';
import { keepOriginals } from '../../../src/lib/waterfall/rescue/keep-originals.js';
import { sweepKept } from '../../../src/lib/waterfall/rescue/sweep-kept.js';
import {
  bury,
  buryEvent,
  consumer,
  journal,
  Killed,
  killedAfter,
  makePointer,
  originAt,
} from '../../support/dead-letters.js';
import { archive, restore } from '../../support/archive.js';
import { eventually } from '../../support/eventually.js';
import { pipelineOf } from '../../support/pipeline-of.js';
import { type TestBed, testBed } from '../../support/pipeline.js';
import { replay } from '../../support/replay.js';

const short = { streams: { events: { maxAgeMs: 3000, duplicateWindowMs: 1000 } } };
const never = new AbortController().signal;

async function gone(bed: TestBed, count = 0): Promise<void> {
  await eventually('the events have aged out', async () => {
    return (await bed.link.streamInfo('events'))?.state.messages === count;
  });
}

async function keptSubjects(bed: TestBed): Promise<string[]> {
  const info = await bed.link.streamInfo('events-kept', '>');
  return Object.keys(info?.state.subjects ?? {}).toSorted();
}

const pipelineAt = (bed: TestBed) => pipelineOf(bed.link, bed.config);

describe('events that age out under their dead letters', () => {
  it('are kept, shown, and replayed as they were; what was kept goes when it is resolved', async () => {
    const bed = await testBed(short);
    const headers = {
      'X-Trace': ['a', 'b'],
      'Nats-Msg-Id': 'the id',
      'Nats-Expected-Stream': 'events',
      Umlaut: 'ü',
    };
    await bed.link.publish('events.totp.requested', '{"user":12345678901234567890}', { headers });
    const before = await bed.link.readFromLeader('events', 1);
    await buryEvent(bed, await originAt(bed, 1));
    const seen: PlutomiEvent[] = [];
    const run = await bed.run({
      [consumer]: (event, { stage }) => void (stage === 'retry' && seen.push(event)),
    });
    await run.until((events) => events.some(({ type }) => type === 'originals-kept'));
    await gone(bed);
    expect(await keptSubjects(bed)).toEqual([`events-kept.original.${consumer}.1`]);
    const stored = await bed.link.readLast('events-kept', '>');
    expect(Object.keys(stored?.headers ?? {}).toSorted()).toEqual([
      'Nats-Expected-Last-Subject-Sequence',
      'Nats-Expected-Stream',
      'Plutomi-Kept',
    ]);

    const { items } = await listDeadLetters(pipelineAt(bed));
    expect(items).toMatchObject([{ original: 'present', kept: true, originalExpiresAt: null }]);
    const selected = await listDeadLetters(pipelineAt(bed), { selection: 'original:kept' });
    expect(selected.total).toBe(1);
    const shown = await showDeadLetter(pipelineAt(bed), `${consumer}/1`);
    expect(shown).toMatchObject({
      kept: true,
      event: { headers: before?.headers, subject: 'events.totp.requested' },
    });
    expect(await explainEvent(pipelineAt(bed), '1', { withContent: true })).toMatchObject({
      kept: true,
      original: 'present',
      event: { expiresAt: null, content: { text: '{"user":12345678901234567890}' } },
    });
    expect((await verifyPipeline(pipelineAt(bed))).report).toMatchObject({
      problems: [],
      warnings: expect.not.arrayContaining([expect.objectContaining({ kind: 'original-missing' })]),
    });

    expect(await replay(bed, undefined, { waitMs: 15_000 })).toMatchObject({ resolved: 1 });
    expect(seen).toHaveLength(1);
    const [event] = seen;
    expect([event?.subject, event?.id, event?.stream, event?.seq, event?.text]).toEqual([
      'events.totp.requested',
      'the id',
      'events',
      1,
      '{"user":12345678901234567890}',
    ]);
    expect(event?.headers).toEqual(before?.headers);
    await bed.quiet();
    expect(await keptSubjects(bed)).toEqual([]);
  });

  it('are kept for waiting retries, which then succeed, and may be snoozed', async () => {
    const bed = await testBed({
      ...short,
      consumers: [
        {
          name: consumer,
          attempts: 1,
          backoffMs: [],
          retry: { enabled: true, delayMs: 4000, attempts: 2, backoffMs: [10] },
        },
      ],
    });
    const stages: string[] = [];
    const run = await bed.run({
      [consumer]: (_event, { stage }) => {
        stages.push(stage);
        if (stage === 'main') throw new Error('not yet');
      },
    });
    await bed.publish('totp.requested');
    await run.until((events) => events.some((e) => e.type === 'succeeded' && e.key.stage === 'retry'));
    expect(stages).toEqual(['main', 'retry']);
    expect((await bed.link.streamInfo('events'))?.state.messages).toBe(0);
    await bed.quiet();
    await eventually('it is removed', async () => (await keptSubjects(bed)).length === 0);
  });

  it('are kept for archived ones too', async () => {
    const bed = await testBed(short);
    await bury(bed);
    await archive(bed);
    const run = await bed.run({ [consumer]: () => {} });
    await run.until((events) => events.some(({ type }) => type === 'originals-kept'));
    await gone(bed);
    await restore(bed);
    expect(await replay(bed, undefined, { waitMs: 15_000 })).toMatchObject({ resolved: 1 });
  });

  it('are missing with keepOriginals: false', async () => {
    const bed = await testBed({ ...short, keepOriginals: false });
    await bury(bed);
    await bed.run({ [consumer]: () => {} });
    await gone(bed);
    const { items } = await listDeadLetters(pipelineAt(bed));
    expect(items).toMatchObject([{ original: 'missing', kept: false }]);
    expect(await replay(bed)).toMatchObject({ replayed: 0, skipped: [{ reason: /missing/ }] });
    expect(await keptSubjects(bed)).toEqual([]);
  });

  it('are kept by their own life where that is shorter', async ({ skip }) => {
    const bed = await testBed();
    skip(bed.link.serverVersion.startsWith('2.10.'), 'this needs nats-server 2.11');
    await updateStream(bed.link, 'events', { allow_msg_ttl: true });
    await bed.link.publish('events.totp.requested', '{"own":1}', { headers: { 'Nats-TTL': '3s' } });
    await bed.publish('totp.requested', { other: 1 });
    await buryEvent(bed, await originAt(bed, 1));
    await buryEvent(bed, await originAt(bed, 2));
    await bed.run({ [consumer]: () => {} });
    await gone(bed, 1);
    const { items } = await listDeadLetters(pipelineAt(bed));
    expect(items.map(({ seq, kept }) => [seq, kept])).toEqual([
      [1, true],
      [2, false],
    ]);
    expect(await keptSubjects(bed)).toEqual([`events-kept.original.${consumer}.1`]);
    expect((await showDeadLetter(pipelineAt(bed), `${consumer}/1`)).event?.headers).toMatchObject({
      'Nats-TTL': ['3s'],
    });
  });

  it('are kept before others evict them', async () => {
    const bed = await testBed({ streams: { events: { maxMsgs: 10 } } });
    for (let n = 0; n < 5; n++) await bed.publish('totp.requested', { n });
    await buryEvent(bed, await originAt(bed, 1));
    await buryEvent(bed, await originAt(bed, 5));
    const run = await bed.run({ [consumer]: () => {} });
    for (let n = 5; n < 10; n++) await bed.publish('totp.requested', { n });
    await run.until((events) => events.some(({ type }) => type === 'originals-kept'));
    expect(await keptSubjects(bed)).toEqual([`events-kept.original.${consumer}.1`]);
    for (let n = 10; n < 13; n++) await bed.publish('totp.requested', { n });
    await eventually('the other is kept too', async () => (await keptSubjects(bed)).length === 2);
  });
});

describe('what is kept', () => {
  it.each([
    ['a payload as large as the server takes', 4096, {}],
    ['a long header', 10, { Long: 'x'.repeat(15_500) }],
    ['odd bytes', 0, {}],
  ])('is whole: %s', async (_what, bytes, headers) => {
    const bed = await testBed({}, { config: 'max_payload: 16384' });
    const data =
      bytes === 0 ? new Uint8Array([0, 0xff, 0x0a, 0x7b]) : new Uint8Array(bytes).map((_, i) => i % 251);
    const size = bytes === 4096 ? bed.link.maxPayload : undefined;
    const payload = size === undefined ? data : new Uint8Array(size).map((_, i) => i % 251);
    const { seq } = await bed.link.publish('events.totp.requested', payload, { headers });
    const { pointer } = await buryEvent(bed, await originAt(bed, seq));
    const original = await bed.link.readFromLeader('events', seq);
    expect(await keepOriginals(pipelineAt(bed), [pointer])).toEqual({ kept: 1, notKept: [] });
    expect(await keepOriginals(pipelineAt(bed), [pointer])).toEqual({ kept: 0, notKept: [] });
    const kept = await readKept(pipelineAt(bed), consumer, pointer.origin);
    const plain = (message: StoredMessage | undefined) => ({ ...message, data: [...(message?.data ?? [])] });
    expect(plain(kept?.message)).toEqual(plain(original));
    // Removing it removes its parts.
    const plan = await planDiscard(pipelineAt(bed), { filters: {} });
    await discardDeadLetters(pipelineAt(bed), plan, { note: 'no use' });
    expect(await keptSubjects(bed)).toEqual([]);
  });

  it.each([0, 1])('is the same when it was killed after %i writes', async (writes) => {
    const bed = await testBed();
    const { pointer } = await bury(bed);
    const cut = pipelineOf(killedAfter(bed.link, writes), bed.config);
    await expect(keepOriginals(cut, [pointer])).rejects.toThrow(Killed);
    await keepOriginals(pipelineAt(bed), [pointer]);
    expect(await keptSubjects(bed)).toHaveLength(1);
    expect(await bed.journal('KEPT')).toHaveLength(1);
  });

  it('stays until its case is over, and is removed then', async () => {
    const bed = await testBed();
    const dead = await bury(bed);
    const resolved = await bury(bed);
    const untold = await bury(bed);
    await keepOriginals(pipelineAt(bed), [dead.pointer, resolved.pointer, untold.pointer]);
    for (const { dlqSeq } of [resolved, untold]) await bed.link.deleteMessage('events-dlq', dlqSeq);
    const { origin } = resolved.pointer;
    await journal(
      bed,
      { tier: 'business', consumer, origin, stage: 'retry', cycle: 1 },
      { kind: 'RESOLVED' },
    );
    expect(await sweepKept(pipelineAt(bed), never)).toBe(1);
    expect(await keptSubjects(bed)).toEqual([
      `events-kept.original.${consumer}.1`,
      `events-kept.original.${consumer}.3`,
    ]);
    expect(await sweepKept(pipelineAt(bed), never)).toBe(0);
  });

  it('goes with its dead letter where those end by age, and verify misses neither', async () => {
    const ages = { dlq: { maxAgeMs: 2000 }, advisories: { maxAgeMs: 1000 } };
    const windows = { dlq: { duplicateWindowMs: 500 }, advisories: { duplicateWindowMs: 500 } };
    const bed = await testBed({
      streams: {
        dlq: { ...ages.dlq, ...windows.dlq },
        advisories: { ...ages.advisories, ...windows.advisories },
      },
    });
    const pipeline = pipelineAt(bed);
    const { pointer } = await bury(bed);
    await keepOriginals(pipeline, [pointer]);
    await eventually('the dead letter has aged out', async () => {
      return (await bed.link.streamInfo('events-dlq'))?.state.messages === 0;
    });
    expect((await verifyPipeline(pipeline)).report.problems).toEqual([]);
    await eventually('what was kept of it is removed', async () => (await sweepKept(pipeline, never)) === 1);
    expect(await keptSubjects(bed)).toEqual([]);
  });

  it('is missed by verify when somebody removed it', async () => {
    const bed = await testBed();
    const { pointer } = await bury(bed);
    const waiting = makePointer(await originAt(bed, await bed.publish('totp.requested')), { stage: 'retry' });
    await writePointer(bed.link, { stream: 'events-retry', root: 'events-retry' }, waiting);
    await keepOriginals(pipelineAt(bed), [pointer, waiting]);
    for (const seq of [1, 2]) await bed.link.deleteMessage('events', seq);
    const removed = async () => {
      const { report } = await verifyPipeline(pipelineAt(bed));
      return report.problems.filter(({ kind }) => kind === 'original-missing');
    };
    expect(await removed()).toEqual([]);
    for (const seq of [1, 2]) await bed.link.deleteMessage('events-kept', seq);
    expect(await removed()).toMatchObject([
      { id: `${consumer}/2`, detail: /was kept in events-kept at/ },
      { id: `${consumer}/1`, detail: /was kept in events-kept at/ },
    ]);
  });

  it('takes the place of an event that a recreated stream has replaced', async () => {
    const bed = await testBed();
    const { pointer } = await bury(bed, { data: { first: true } });
    await keepOriginals(pipelineAt(bed), [pointer]);
    await bed.link.deleteMessage('events', 1);
    const moved = { ...pointer, origin: { ...pointer.origin, time: `${BigInt(pointer.origin.time) - 1n}` } };
    // Another event of that place: what is kept is not its.
    expect(await readKept(pipelineAt(bed), consumer, moved.origin)).toBeUndefined();
    expect(await readKept(pipelineAt(bed), consumer, pointer.origin)).toBeDefined();
  });

  it('can not be kept where its stream is missing: told once, and the rest goes on', async () => {
    const bed = await testBed(short);
    await bed.link.jsm.streams.delete('events-kept');
    await bury(bed);
    const run = await bed.run({ [consumer]: () => {} });
    await run.until((events) => events.some(({ type }) => type === 'rescue-failed'));
    await bed.publish('totp.requested');
    await run.until(() => run.count('succeeded') === 2);
    expect(run.events.filter(({ type }) => type === 'rescue-failed')).toHaveLength(1);
    expect((await listDeadLetters(pipelineAt(bed))).total).toBe(1);
  });
});
