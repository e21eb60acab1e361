import { pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import { attemptOf, errorOf } from '../../src/lib/domain/record.js';
import { showDeadLetter } from '../../src/lib/dlq/show.js';
import { keyOf } from '../../src/lib/dlq/state.js';
import { deleteStream } from '../../src/lib/nats/objects.js';
import { applyTopology } from '../support/config.js';
import { bury, buryEvent, consumer, exhaustionOf, journal, originAt } from '../support/dead-letters.js';
import { testBed } from '../support/pipeline.js';
import { worded } from '../support/suggestions.js';

describe('showDeadLetter', () => {
  it('shows the event as it was published, and the whole history of a real failure', async () => {
    const bed = await testBed();
    await bed.link.publish('events.totp.requested', '{"email":"a@b.c"}', {
      msgId: 'login-1',
      headers: { 'X-Trace': ['one', 'two'] },
    });
    const run = await bed.run({
      [consumer]: async () => {
        throw new TypeError('no template');
      },
    });
    await run.until((events) => events.some(({ type }) => type === 'dead-letter'));
    const details = await showDeadLetter(pipelineOf(bed.link, bed.config), `${consumer}/1`);
    expect(details).toMatchObject({
      id: `${consumer}/1`,
      original: 'present',
      attempts: { main: 3, retry: 3 },
    });
    expect(details.event).toEqual({
      subject: 'events.totp.requested',
      headers: { 'Nats-Msg-Id': ['login-1'], 'X-Trace': ['one', 'two'] },
      data: { email: 'a@b.c' },
      text: '{"email":"a@b.c"}',
      encoding: 'json',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    const failures = details.history.filter((record) => errorOf(record) !== undefined);
    expect(failures.map((one) => [one.stage, attemptOf(one), errorOf(one)?.message])).toEqual(
      ['main', 'retry'].flatMap((stage) => [1, 2, 3].map((attempt) => [stage, attempt, 'no template'])),
    );
    expect(details.history.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['MAX_DELIVERIES', 'ROUTED']),
    );
    const order = details.history.map(({ journalSeq }) => journalSeq);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('tells text and bytes apart from JSON', async () => {
    const bed = await testBed();
    const payloads = [new TextEncoder().encode('plain text'), new Uint8Array([0xff, 0x00]), new Uint8Array()];
    const shown: unknown[] = [];
    for (const payload of payloads) {
      const { id } = await bury(bed, { data: payload });
      const { event } = await showDeadLetter(pipelineOf(bed.link, bed.config), id);
      shown.push([event?.encoding, event?.data]);
    }
    expect(shown).toEqual([
      ['utf8', 'plain text'],
      ['base64', '/wA='],
      ['utf8', ''],
    ]);
  });

  it('has no event when the original is gone or replaced, and no history of the other event', async () => {
    const bed = await testBed();
    const { id, pointer } = await bury(bed);
    await journal(bed, keyOf(pointer, 'retry'), { kind: 'ATTEMPT_FAILED', attempt: 3 });
    await deleteStream(bed.link, 'events');
    await applyTopology(bed.link, bed.config);
    await bed.publish('totp.requested', { other: true });
    const other = await originAt(bed, 1);
    await journal(bed, { ...keyOf(pointer, 'main'), origin: other }, { kind: 'RESOLVED', attempt: 1 });
    const details = await showDeadLetter(pipelineOf(bed.link, bed.config), id);
    expect(details).toMatchObject({ original: 'replaced', event: null, originalExpiresAt: null });
    expect(details.history.map(({ kind }) => kind)).toEqual(['ATTEMPT_FAILED']);
    await bed.link.deleteMessage('events', 1);
    expect(await showDeadLetter(pipelineOf(bed.link, bed.config), id)).toMatchObject({
      original: 'missing',
      event: null,
    });
  });

  it('has the record that the meta-consumer could not route, and the meta history', async () => {
    const bed = await testBed();
    const origin = await originAt(bed, await bed.publish('totp.requested'));
    const business = exhaustionOf(await bury(bed).then(({ pointer }) => ({ ...pointer, origin })), 0);
    const recordOrigin = { stream: 'events-advisories', seq: 9, subject: 'some.subject', time: '5' };
    const { id, pointer } = await buryEvent(bed, recordOrigin, {
      consumer: 'meta-consumer',
      embedded: { subject: 'some.subject', record: { ...business } },
    });
    const key = { ...keyOf(pointer, 'main'), tier: 'meta', consumer: 'meta-consumer-retry' } as const;
    await journal(bed, key, { kind: 'ROUTED', to: 'dlq' });
    const details = await showDeadLetter(pipelineOf(bed.link, bed.config), id);
    expect(id).toBe('meta-consumer/9');
    expect(details.embedded).toEqual({ subject: 'some.subject', record: business });
    expect(details.history.map(({ kind, tier }) => [kind, tier])).toEqual([['ROUTED', 'meta']]);
  });

  it('shows what is no pointer', async () => {
    const bed = await testBed();
    await bed.link.publish('events-dlq.some.thing', 'forged');
    expect(await showDeadLetter(pipelineOf(bed.link, bed.config), 'events-dlq/1')).toMatchObject({
      id: 'events-dlq/1',
      reason: expect.stringContaining('not a pointer'),
      event: null,
      history: [],
    });
  });

  it('names the nearest ids when there is no such dead letter', async () => {
    const bed = await testBed();
    for (let i = 0; i < 5; i++) await bury(bed);
    await expect(showDeadLetter(pipelineOf(bed.link, bed.config), `${consumer}/50`)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      exitCode: 1,
      message: `no dead letter ${consumer}/50`,
      suggestions: [
        worded(`plutomi-events dlq show ${consumer}/5`),
        worded(`plutomi-events dlq show ${consumer}/4`),
        worded(`plutomi-events dlq show ${consumer}/3`),
        worded(`plutomi-events dlq list --consumer ${consumer}`),
      ],
    });
    await expect(
      showDeadLetter(pipelineOf(bed.link, bed.config), 'notification-consumer/1'),
    ).rejects.toMatchObject({
      code: 'NOT_FOUND',
      suggestions: [worded(`plutomi-events dlq list --consumer ${consumer}`)],
    });
    for (const id of ['nonsense', `${consumer}/0`, `${consumer}/1/2`, '', 'a.b/1']) {
      await expect(showDeadLetter(pipelineOf(bed.link, bed.config), id)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        suggestions: [worded('plutomi-events dlq list')],
      });
    }
  });
});
