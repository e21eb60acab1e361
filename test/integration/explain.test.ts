import { suggestCommand } from '../../src/lib/suggestion.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import { explainEvent, type ExplainOptions } from '../../src/lib/events/explain/explain.js';
import type { Explanation } from '../../src/lib/events/explain/explanation.js';
import { colorsFor } from '../../src/lib/render/colors.js';
import { renderExplanation } from '../../src/lib/render/explanation.js';
import type { Handler } from '../../src/lib/handlers/contract.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { keyOf } from '../../src/lib/dlq/state.js';
import { bury, consumer, journal } from '../support/dead-letters.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { replay } from '../support/replay.js';
import { worded } from '../support/suggestions.js';
import { cannotPause } from '../support/can-pause.js';

const other = 'audit-consumer';
const fine: Handler = async () => {};

function explain(bed: TestBed, text: string, options: Partial<ExplainOptions> = {}): Promise<Explanation> {
  return explainEvent(pipelineOf(bed.link, bed.config), text, options);
}

function render(explanation: Explanation): string {
  const colors = colorsFor({ isTty: false, off: true });
  return renderExplanation(explanation, { width: 120, colors, nowMs: Date.now() });
}

/** Fails until it was replayed twice. */
const untilCycle2: Handler = async (_event, { cycle }) => {
  if (cycle < 2) throw new Error('connection refused');
};

/** An event that failed, was retried, died, was replayed twice and resolved; another consumer had no trouble. */
async function eventful(): Promise<TestBed> {
  const bed = await testBed({
    consumers: [{ name: consumer, attempts: 2, backoffMs: [20] }, { name: other }].map((one) => ({
      ...one,
      retry: { enabled: true, delayMs: 20, attempts: 2, backoffMs: [20] },
    })),
  });
  const run = await bed.run({ [consumer]: untilCycle2, [other]: fine });
  await bed.publish('totp.requested', { code: '314159' }, 'login-4711');
  const dead = (times: number): Promise<void> =>
    run.until((events) => events.filter(({ type }) => type === 'dead-letter').length === times);
  for (const time of [1, 2]) {
    await dead(time);
    await replay(bed, undefined, { task: `replay-${time}`, note: `try ${time}` });
  }
  await run.until((events) => events.some(({ type }) => type === 'succeeded'));
  await bed.quiet();
  await run.stop();
  return bed;
}

describe('explainEvent', () => {
  it('tells every step of an event that failed, was retried, died, was replayed twice and resolved', async () => {
    const bed = await eventful();
    const explanation = await explain(bed, '1');
    expect(explanation).toMatchObject({
      event: { stream: 'events', seq: 1, subject: 'events.totp.requested', id: 'login-4711', headers: 1 },
      original: 'present',
      scanned: null,
    });
    expect(explanation.event).not.toHaveProperty('content');
    expect(explanation.consumers.map(({ consumer: name, state }) => [name, state])).toEqual([
      [consumer, 'resolved'],
      [other, 'acknowledged'],
    ]);
    const history = explanation.consumers[0]?.history ?? [];
    const died = (stage: string, cycle: number): string[] => [
      `${stage}/${cycle} attempt 1 failed: connection refused`,
      `${stage}/${cycle} attempt 2 failed, attempts used up: connection refused`,
    ];
    const lines = history
      .filter(({ kind }) => kind !== 'ATTEMPT_STARTED')
      .map(({ stage, cycle, text }) => `${stage}/${cycle} ${text}`);
    expect(lines).toEqual([
      ...died('main', 0),
      'main/0 to the retry stage',
      ...died('retry', 0),
      'retry/0 dead: to the DLQ',
      // Recorded after its pointer is written: the worker may be faster than it.
      'dlq/1 replayed by ada@test: try 1',
      ...died('retry', 1),
      'retry/1 dead: to the DLQ',
      'dlq/2 replayed by ada@test: try 2',
      'retry/2 attempt 1 succeeded',
    ]);
    const shown = render(explanation);
    expect(shown.indexOf('try 1')).toBeLessThan(shown.indexOf('retry/1'));
    expect(history.every(({ worker }) => /^[^:]+:\d+:\w+$/.test(worker ?? ''))).toBe(true);
    expect(explanation.next).toEqual([
      { consumer: null, at: explanation.event?.expiresAt, text: 'the event leaves its stream by age' },
    ]);
    const text = render(explanation);
    expect(text.indexOf('published to')).toBeLessThan(text.indexOf('attempt 1 failed'));
    expect(text).toContain(`${other}  acknowledged; no record: processed at the first attempt`);
    // How each attempt ended is known.
    expect(text).not.toContain('started');
    expect(text).not.toContain('314159');
  });

  it('finds the newest event with a message id, and says what it read', async () => {
    const bed = await testBed();
    for (let i = 0; i < 30; i++) await bed.publish('totp.requested', { i }, `login-${i}`);
    const found = await explain(bed, 'login-7', { withContent: true });
    expect(found).toMatchObject({
      event: { seq: 8, content: { data: { i: 7 }, headers: { 'Nats-Msg-Id': ['login-7'] } } },
      scanned: { events: 30, firstSeq: 1, lastSeq: 30 },
      consumers: [{ consumer, state: 'waiting', history: [] }],
    });
    await expect(explain(bed, 'login-7', { scanLimit: 20 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      exitCode: 1,
      message:
        'no event "login-7": neither a sequence nor a message id (searched 20 events of events, 11 to 30)',
    });
    await expect(explain(bed, '99')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('says what is still to come of an event that is parked, dead, or failing', async () => {
    const bed = await testBed({
      consumers: [
        { name: consumer, retry: { enabled: true, delayMs: 600_000, attempts: 3, backoffMs: [20] } },
        { name: other, retry: { enabled: false, delayMs: 0, attempts: 3, backoffMs: [20] } },
        { name: 'slow-consumer', backoffMs: [60_000] },
      ],
    });
    const failing: Handler = async () => {
      throw new Error('connection refused');
    };
    const run = await bed.run({ [consumer]: failing, [other]: failing, 'slow-consumer': failing });
    await bed.publish('totp.requested');
    await run.until(
      (events) =>
        events.filter(({ type }) => type === 'routed').length === 2 &&
        events.some((event) => event.type === 'attempt-failed' && event.key.consumer === 'slow-consumer'),
    );
    const { consumers, next } = await explain(bed, '1');
    expect(consumers.map(({ state }) => state)).toEqual(['parked', 'dead', 'failing']);
    const due = new Date((await bed.parked(consumer, 1))?.notBeforeMs ?? 0).toISOString();
    expect(next.slice(0, 3)).toEqual([
      { consumer, at: due, text: `parked, then attempt 1 of 3 by ${consumer}-retry` },
      {
        consumer: other,
        at: null,
        text: 'stays in the DLQ until it is replayed or discarded',
        suggestions: [worded(`plutomi-events dlq replay ${other}/1`)],
      },
      { consumer: 'slow-consumer', at: null, text: 'attempt 2 of 3 by slow-consumer, after its backoff' },
    ]);
    const only = await explain(bed, `${other}/1`);
    expect(only.consumers.map(({ consumer: name }) => name)).toEqual([other]);
  });

  it('says of a sequence that a consumer can not have that it is none, and reads no headers for it', async () => {
    const bed = await testBed();
    for (let i = 0; i < 3; i++) await bed.publish('totp.requested', {}, `${consumer}/${i}`);
    const read: number[] = [];
    await expect(
      explain(bed, `${consumer}/99`, { onRead: ({ done }) => read.push(done) }),
    ).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `no event 99 of ${consumer}: events holds 1 to 3, and the journal has no record of it`,
    });
    expect(read).toEqual([]);
    // Not a consumer: it may be a message id.
    await expect(explain(bed, 'order/99', { onRead: ({ done }) => read.push(done) })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(read).toEqual([3]);
  });

  it('says what nobody can know: the journal was emptied, or the filters were changed, since the event', async () => {
    const bed = await testBed({ consumers: [{ name: consumer, subjects: ['events.totp.requested'] }] });
    await bed.publish('totp.requested');
    const run = await bed.run({ [consumer]: fine });
    await run.until((events) => events.some(({ type }) => type === 'succeeded'));
    await bed.quiet();
    await run.stop();
    const state = async () => (await explain(bed, '1')).consumers[0];
    expect(await state()).toMatchObject({ state: 'acknowledged', note: null });
    await applyTopology(
      bed.link,
      makeConfig({ consumers: [{ name: consumer, subjects: ['events.totp.>'] }] }),
    );
    expect(await state()).toMatchObject({
      state: 'no-trace',
      note: expect.stringMatching(/filters were changed at 20.*, after the event$/),
    });
    await bed.link.publish('events-advisories.x', 'anything');
    await bed.link.jsm.streams.purge('events-advisories');
    expect(await state()).toMatchObject({ state: 'no-trace', note: 'the journal has been emptied since' });
    expect(render(await explain(bed, '1'))).not.toContain('processed at the first attempt');
  });

  it('says that an event waits for a consumer that is paused', async ({ skip }) => {
    const bed = await testBed();
    skip(...cannotPause(bed.link));
    await bed.publish('totp.requested');
    await bed.link.jsm.consumers.pause('events', consumer, new Date('2036-01-01T00:00:00Z'));
    const explanation = await explain(bed, '1');
    const note = `nothing is delivered to ${consumer} now: paused until 2036-01-01T00:00:00.000Z`;
    expect(explanation.consumers).toMatchObject([{ consumer, state: 'waiting', note }]);
    expect(render(explanation).replaceAll(/\s+/g, ' ')).toContain('now: paused until 2036-01-01');
    expect(explanation.next[0]).toMatchObject({
      at: '2036-01-01T00:00:00.000Z',
      text: expect.stringContaining('once the server delivers to it again'),
    });
  });

  it('knows what the journal knows of an event that is gone', async () => {
    const bed = await eventful();
    await bed.link.deleteMessage('events', 1);
    const explanation = await explain(bed, `${consumer}/1`);
    expect(explanation).toMatchObject({
      event: null,
      original: 'missing',
      origin: { seq: 1, id: 'login-4711', subject: 'events.totp.requested' },
      consumers: [{ consumer, state: 'resolved' }],
      next: [],
    });
    expect(render(explanation)).toContain('gone from its stream');
  });
});

describe('a dead letter that an interruption has left', () => {
  it('is no dead event: it was replayed, and resolved', async () => {
    const bed = await testBed();
    const { pointer, id } = await bury(bed);
    await journal(bed, keyOf(pointer, 'retry', 1), { kind: 'RESOLVED', attempt: 1 });
    const { consumers, next } = await explain(bed, id);
    expect(consumers).toMatchObject([{ state: 'resolved' }]);
    expect(next).toContainEqual({
      consumer,
      at: null,
      text: 'its dead letter is left over from what was interrupted',
      suggestions: [suggestCommand('dlq replay', { args: [id] })],
    });
    expect(await replay(bed)).toMatchObject({ replayed: 1, skipped: [] });
    expect((await explain(bed, id)).next.filter((step) => step.consumer === consumer)).toEqual([]);
  });

  it('is no dead event: it was discarded', async () => {
    const bed = await testBed();
    const { pointer, id } = await bury(bed);
    await journal(bed, keyOf(pointer, 'dlq'), { kind: 'DISCARDED', operator: 'ada@test', note: 'by hand' });
    const { consumers, next } = await explain(bed, id);
    expect(consumers).toMatchObject([{ state: 'discarded' }]);
    expect(next).toContainEqual({
      consumer,
      at: null,
      text: 'its dead letter is left over from what was interrupted',
      suggestions: [suggestCommand('dlq discard', { args: [id], flags: { reason: { blank: 'text' } } })],
    });
  });
});
