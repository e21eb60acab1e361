import { pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import { deleteStream } from '../../src/lib/nats/objects.js';
import { groupIdOf } from '../../src/lib/domain/group-id.js';
import { groupDeadLetters } from '../../src/lib/dlq/group.js';
import { planLetters } from '../../src/lib/dlq/plan/plan-letters.js';
import { listDeadLetters } from '../../src/lib/dlq/list.js';
import type { DeadLetterFilters } from '../../src/lib/dlq/filters.js';
import { keyOf } from '../../src/lib/dlq/state.js';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { applyTopology } from '../support/config.js';
import { bury, consumer, journal } from '../support/dead-letters.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { worded } from '../support/suggestions.js';

async function ids(bed: TestBed, filters: DeadLetterFilters, limit?: number): Promise<string[]> {
  return (await listDeadLetters(pipelineOf(bed.link, bed.config), filters, limit)).items.map(({ id }) => id);
}

const failed = (text: string) => ({ failure: makeFailure('error', 'Error', text) });

describe('listDeadLetters', () => {
  it('is empty for an empty DLQ', async () => {
    const bed = await testBed();
    expect(await listDeadLetters(pipelineOf(bed.link, bed.config))).toEqual({ total: 0, items: [] });
  });

  it('gives each dead letter with its original, in the order of death', async () => {
    const bed = await testBed();
    const first = await bury(bed);
    const second = await bury(bed);
    const { total, items } = await listDeadLetters(pipelineOf(bed.link, bed.config));
    expect(total).toBe(2);
    expect(items.map(({ id }) => id)).toEqual([first.id, second.id]);
    const eventMs = Number(BigInt(first.pointer.origin.time) / 1_000_000n);
    expect(items[0]).toEqual({
      id: `${consumer}/1`,
      consumer,
      stream: 'events',
      seq: 1,
      subject: 'events.totp.requested',
      reason: 'SmtpError: connection refused for user 1',
      fingerprint: first.pointer.failure.fingerprint,
      attempts: { main: 3, retry: 3 },
      cycle: 0,
      deadAt: expect.stringMatching(/^\d{4}-.*Z$/),
      group: groupIdOf(consumer, first.pointer.failure.fingerprint),
      name: 'SmtpError',
      code: null,
      status: 'dead',
      original: 'present',
      originalExpiresAt: new Date(eventMs + 7 * 86_400_000).toISOString(),
      kept: false,
      edited: false,
      supersededBy: null,
    });
  });

  it('counts all that match and returns at most the limit, the oldest', async () => {
    const bed = await testBed();
    for (let i = 0; i < 5; i++) await bury(bed);
    const { total, items } = await listDeadLetters(pipelineOf(bed.link, bed.config), {}, 2);
    expect([total, items.map(({ seq }) => seq)]).toEqual([5, [1, 2]]);
  });

  it('says that an original is missing, or that its stream was recreated', async () => {
    const bed = await testBed();
    await bury(bed);
    await bury(bed);
    await bed.link.deleteMessage('events', 2);
    const state = async (): Promise<unknown[]> =>
      (await listDeadLetters(pipelineOf(bed.link, bed.config))).items.map((item) => [
        item.original,
        item.originalExpiresAt,
      ]);
    expect(await state()).toEqual([
      ['present', expect.any(String)],
      ['missing', null],
    ]);
    await deleteStream(bed.link, 'events');
    expect(await state()).toEqual([
      ['missing', null],
      ['missing', null],
    ]);
    await applyTopology(bed.link, bed.config);
    await bed.publish('totp.requested');
    expect(await state()).toEqual([
      ['replaced', null],
      ['missing', null],
    ]);
  });

  it('never expires where the events never do', async () => {
    const bed = await testBed({ streams: { events: { maxAgeMs: 0 } } });
    await bury(bed);
    const { items } = await listDeadLetters(pipelineOf(bed.link, bed.config));
    expect(items[0]).toMatchObject({ original: 'present', originalExpiresAt: null });
  });

  it('marks what was resolved late, in main or in the retry stage of the same cycle', async () => {
    const bed = await testBed();
    const main = await bury(bed);
    const retry = await bury(bed, { cycle: 2 });
    const earlier = await bury(bed, { cycle: 2 });
    await journal(bed, keyOf(main.pointer, 'main'), { kind: 'RESOLVED', attempt: 3, late: true });
    await journal(bed, keyOf(retry.pointer, 'retry'), { kind: 'RESOLVED', attempt: 1, late: true });
    await journal(bed, keyOf(earlier.pointer, 'retry', 1), { kind: 'RESOLVED', attempt: 1, late: true });
    const { items } = await listDeadLetters(pipelineOf(bed.link, bed.config));
    expect(items.map(({ resolvedLate }) => resolvedLate)).toEqual([true, true, undefined]);
  });

  it('shows what is no pointer as an item of its own, and all others beside it', async () => {
    const bed = await testBed();
    await bury(bed);
    const { link } = bed;
    await link.publish(`events-dlq.${consumer}.77`, JSON.stringify({ v: 1, consumer: '\u001b[31mx' }));
    await link.publish('events-dlq.some.thing.else', new Uint8Array([0xff, 0xfe]));
    const { items, total } = await listDeadLetters(pipelineOf(link, bed.config));
    expect(total).toBe(3);
    expect(items.slice(1)).toEqual([
      expect.objectContaining({
        id: `${consumer}/77`,
        reason: expect.stringContaining('not a pointer: consumer'),
        original: 'missing',
        originalExpiresAt: null,
        attempts: { main: 0, retry: 0 },
      }),
      expect.objectContaining({
        id: 'events-dlq/3',
        reason: expect.stringContaining('not a pointer: not text in UTF-8'),
      }),
    ]);
  });

  it('takes a pointer on a subject that is not its own for none', async () => {
    const bed = await testBed();
    const { pointer } = await bury(bed);
    await bed.link.publish(`events-dlq.${consumer}.2`, JSON.stringify(pointer));
    const { items } = await listDeadLetters(pipelineOf(bed.link, bed.config));
    expect(items[1]).toMatchObject({
      id: `${consumer}/2`,
      reason: `not a pointer: its body belongs on events-dlq.${consumer}.1, not on events-dlq.${consumer}.2`,
    });
  });

  it('filters by consumer, subject, reason and time', async () => {
    const bed = await testBed();
    const a = await bury(bed, failed('connection refused by 10.0.0.1'));
    const b = await bury(bed, {
      type: 'user.created',
      consumer: 'analytics-consumer',
      ...failed('Bad column 7'),
    });
    const c = await bury(bed, {
      type: 'user.deleted',
      consumer: 'analytics-consumer',
      ...failed('bad column 12'),
    });
    expect(await ids(bed, { consumer: 'analytics-consumer' })).toEqual([b.id, c.id]);
    // A part of a name is none.
    await expect(ids(bed, { consumer: 'analytics' })).rejects.toMatchObject({ exitCode: 2 });
    expect(await ids(bed, { subject: 'events.user.*' })).toEqual([b.id, c.id]);
    expect(await ids(bed, { subject: 'events.>' })).toEqual([a.id, b.id, c.id]);
    expect(await ids(bed, { subject: 'events.user' })).toEqual([]);
    expect(await ids(bed, { reason: 'BAD COLUMN' })).toEqual([b.id, c.id]);
    expect(await ids(bed, { reason: c.pointer.failure.fingerprint })).toEqual([b.id, c.id]);
    expect(await ids(bed, { reason: 'bad', subject: 'events.user.created' })).toEqual([b.id]);
    const { items } = await listDeadLetters(pipelineOf(bed.link, bed.config));
    const deadMs = items.map(({ deadAt }) => Date.parse(deadAt));
    const [firstMs = 0, , lastMs = 0] = deadMs;
    expect(await ids(bed, { sinceMs: firstMs })).toHaveLength(3);
    expect(await ids(bed, { untilMs: lastMs })).toHaveLength(3);
    expect(await ids(bed, { sinceMs: lastMs + 1 })).toEqual([]);
    expect(await ids(bed, { untilMs: firstMs - 1 })).toEqual([]);
  });

  it('refuses filters that have no form', async () => {
    const bed = await testBed();
    const wrong: [DeadLetterFilters, string][] = [
      [{ consumer: 'a.b' }, 'consumer: expected a name, found "a.b"'],
      [{ subject: 'events..x' }, 'subject: expected a subject'],
      [{ sinceMs: 2, untilMs: 1 }, 'since (1970-01-01 00:00:00 UTC) is after until'],
    ];
    for (const [filters, message] of wrong) {
      await expect(ids(bed, filters)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringContaining(message),
      });
    }
  });

  it('refuses names that nothing has, with the nearest; what has left the config has its dead letters', async () => {
    const bed = await testBed();
    const { id } = await bury(bed, { consumer: 'renamed-consumer' });
    expect(await ids(bed, { consumer: 'renamed-consumer' })).toEqual([id]);
    // Another filter leaves nothing of it: its name is known all the same.
    expect(await ids(bed, { consumer: 'renamed-consumer', reason: 'nothing like it' })).toEqual([]);
    expect(await ids(bed, { consumer })).toEqual([]);
    expect(await ids(bed, { consumer: 'meta-consumer' })).toEqual([]);
    expect(await ids(bed, { subject: 'events.nothing' })).toEqual([]);
    expect(await ids(bed, { subject: 'events-advisories.>' })).toEqual([]);
    await expect(ids(bed, { consumer: 'notification-consumer' })).rejects.toMatchObject({
      exitCode: 2,
      message:
        '--consumer: the config has no consumer "notification-consumer"; it has notifications-consumer',
      suggestions: [worded('did you mean: --consumer notifications-consumer')],
    });
    await expect(ids(bed, { subject: 'event.totp.requested' })).rejects.toMatchObject({
      exitCode: 2,
      message: '--subject: no stream of this pipeline stores "event.totp.requested"; events stores events.>',
      suggestions: [worded('did you mean: --subject events.totp.requested')],
    });
  });

  it('names the stream and the command when nothing is applied yet', async () => {
    const bed = await testBed();
    await deleteStream(bed.link, 'events-dlq');
    await expect(ids(bed, {})).rejects.toMatchObject({
      code: 'NO_STREAM',
      suggestions: expect.arrayContaining([worded('plutomi-events pipeline apply')]),
    });
  });
});

describe('groupDeadLetters', () => {
  it('counts alike reasons together, the largest group first', async () => {
    const bed = await testBed();
    await bury(bed, failed('no such template "welcome"'));
    await bury(bed, failed('timeout after 100 ms'));
    const last = await bury(bed, failed('timeout after 250 ms'));
    const { total, groups } = await groupDeadLetters(pipelineOf(bed.link, bed.config), {}, 'reason');
    expect(total).toBe(3);
    expect(groups.map(({ key, count }) => [key, count])).toEqual([
      ['timeout after 250 ms', 2],
      ['no such template "welcome"', 1],
    ]);
    expect(groups[0]).toEqual({
      key: 'timeout after 250 ms',
      count: 2,
      firstDeadAt: expect.any(String),
      lastDeadAt: expect.any(String),
      sample: last.id,
      fingerprint: last.pointer.failure.fingerprint,
      shapes: 1,
    });
    expect(groups[0]?.firstDeadAt.localeCompare(groups[0].lastDeadAt)).toBeLessThanOrEqual(0);
  });

  it('makes one group of similar reasons, with the fingerprint of the first, by which all of them are found', async () => {
    const bed = await testBed();
    const first = await bury(bed, failed('no access to order_items for reports'));
    await bury(bed, failed('no access to anything at all'));
    const last = await bury(bed, failed('no access to users for reports'));
    const pipeline = pipelineOf(bed.link, bed.config);
    const { groups } = await groupDeadLetters(pipeline, {}, 'reason');
    const { fingerprint } = first.pointer.failure;
    expect(fingerprint).not.toBe(last.pointer.failure.fingerprint);
    expect(groups).toMatchObject([
      { key: 'no access to users for reports', count: 2, sample: last.id, fingerprint, shapes: 2 },
      { count: 1, shapes: 1 },
    ]);
    for (const reason of [fingerprint, last.pointer.failure.fingerprint])
      expect(await ids(bed, { reason })).toEqual([first.id, last.id]);
    const plan = await planLetters(pipeline, { filters: {} }, async (chunk) =>
      chunk.map(() => ({ do: 'any' })),
    );
    expect(plan.reasons).toEqual([
      { name: 'no access to users for reports', count: 2 },
      { name: 'no access to anything at all', count: 1 },
    ]);
  });

  it('puts dead letters of earlier versions into the group of today, and has all that a handler calls alike in one', async () => {
    const bed = await testBed();
    const today = await bury(bed, failed('no user 42'));
    const { fingerprintBy: _, ...old } = makeFailure('error', 'Error', 'no user 7');
    await bury(bed, { failure: { ...old, fingerprint: '0123456789ab' } });
    for (const message of ['one way', 'another way altogether'])
      await bury(bed, { failure: makeFailure('error', 'Error', message, { fingerprint: 'smtp down' }) });
    const { groups } = await groupDeadLetters(pipelineOf(bed.link, bed.config), {}, 'reason');
    expect(groups.map(({ count }) => count)).toEqual([2, 2]);
    expect(groups.map(({ fingerprint }) => fingerprint)).toContain(today.pointer.failure.fingerprint);
  });

  it('counts by consumer or subject, of what the filters leave, at most the limit', async () => {
    const bed = await testBed();
    await bury(bed);
    await bury(bed, { type: 'user.created', consumer: 'analytics-consumer' });
    await bury(bed, { type: 'user.created', consumer: 'analytics-consumer' });
    const by = async (...args: [DeadLetterFilters, 'consumer' | 'subject', number?]): Promise<unknown[]> =>
      (await groupDeadLetters(pipelineOf(bed.link, bed.config), ...args)).groups.map(({ key, count }) => [
        key,
        count,
      ]);
    expect(await by({}, 'consumer')).toEqual([
      ['analytics-consumer', 2],
      [consumer, 1],
    ]);
    expect(await by({}, 'subject', 1)).toEqual([['events.user.created', 2]]);
    expect(await by({ consumer }, 'subject')).toEqual([['events.totp.requested', 1]]);
  });
});
