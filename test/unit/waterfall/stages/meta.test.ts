import { describe, expect, test } from 'vitest';
import { makeFailure } from '../../../../src/lib/domain/failure.js';
import type { Exhaustion } from '../../../../src/lib/domain/record.js';
import type { Link } from '../../../../src/lib/nats/link.js';
import { clockAt, pipelineOf } from '../../../support/pipeline-of.js';
import { metaRetryStage, metaStage, readExhaustion } from '../../../../src/lib/waterfall/stages/meta.js';
import { HeldMessage } from '../../../../src/lib/waterfall/worker/held-message.js';
import { makeConfig } from '../../../support/config.js';
import { consumer, exhaustionOf, makePointer } from '../../../support/dead-letters.js';
import { delivered } from '../fake-server.js';

/** Nothing is asked over it. */
const noLink = { streamInfo: () => undefined } as unknown as Link;

const origin = { stream: 'events', seq: 7, subject: 'events.totp.requested', time: '17' };
const record: Exhaustion = exhaustionOf(makePointer(origin), 2);
const root = 'events-advisories';
const subject = `${root}.business.MAX_DELIVERIES.${consumer}.7.retry.2`;
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe('an exhaustion', () => {
  test('is read where its subject says the same as its body', () => {
    expect(readExhaustion(root, subject, bytes(record))).toMatchObject({ ok: true, value: { consumer } });
  });

  test.each([
    ['root', subject.replace(root, 'other')],
    ['tier', subject.replace('business', 'meta')],
    ['kind', subject.replace('MAX_DELIVERIES', 'MSG_TERMINATED')],
    ['consumer', subject.replace(consumer, 'other-consumer')],
    ['sequence', subject.replace('.7.', '.8.')],
    ['stage', subject.replace('retry', 'main')],
    ['cycle', subject.replace(/2$/, '3')],
  ])('is refused on a subject with another %s', (_what, other) => {
    const read = readExhaustion(root, other, bytes(record));
    expect(read.ok).toBe(false);
    expect(read).toMatchObject({ reason: expect.stringContaining(subject) as string });
    expect(read).toMatchObject({ reason: expect.stringContaining(other) as string });
  });
});

/** What a stage of the meta tier makes of a delivered message: message 42 of the stream that `delivered` says. */
function identify(stage: 'main' | 'retry', on: string, body: unknown) {
  // Identifying asks nobody.
  const pipeline = pipelineOf(noLink, makeConfig(), { clock: clockAt(() => 0) });
  const parts = { tools: { pipeline }, transcriber: undefined } as unknown as Parameters<typeof metaStage>[0];
  const spec = stage === 'main' ? metaStage(parts) : metaRetryStage(parts);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return spec.identify(new HeldMessage(delivered({}, { subject: on, body: text }), 1000, 0));
}

describe('the meta-consumer', () => {
  test('takes an exhaustion for what is to be routed, under a key of its own', () => {
    const { task, failure } = identify('main', subject, record);
    expect(failure).toBeUndefined();
    expect(task.exhaustion).toMatchObject({ consumer, cycle: 2, origin });
    expect(task.key).toMatchObject({ tier: 'meta', consumer: 'meta-consumer', stage: 'main', cycle: 0 });
    expect(task.key.origin).toMatchObject({ seq: 42, subject });
  });

  test('takes an advisory of the server for something else, whatever its body', () => {
    for (const body of [record, 'not json']) {
      const { task, failure } = identify('main', '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.x', body);
      expect([task.exhaustion, failure]).toEqual([undefined, undefined]);
    }
  });

  test.each<[string, string, unknown, RegExp]>([
    ['is no record', subject, 'not json', /JSON/],
    ['belongs elsewhere', `${subject}0`, record, /events-advisories/],
    ['ended no stage', subject, { ...record, kind: 'ROUTED' }, /^kind/],
  ])('gives up at once what %s', (_what, on, body, reason) => {
    for (const stage of ['main', 'retry'] as const) {
      const { failure, task } = identify(stage, on, body);
      expect(failure).toMatchObject({ kind: 'malformed', message: expect.stringMatching(reason) as string });
      // Nobody can say what it is about: it is named by its own place.
      expect(task.key.origin.seq).toBe(42);
    }
  });
});

describe('the meta-consumer-retry', () => {
  const meta: Exhaustion = {
    ...record,
    tier: 'meta',
    consumer: 'meta-consumer',
    stage: 'main',
    cycle: 0,
    origin: { stream: root, seq: 9, subject, time: '18' },
  };
  const on = (kind: string): string => `${root}.meta.${kind}.meta-consumer.9.main.0`;

  test('works for the record that could not be routed', () => {
    const { task, failure } = identify('retry', on('MAX_DELIVERIES'), meta);
    expect(failure).toBeUndefined();
    expect(task).toMatchObject({
      key: { tier: 'meta', consumer: 'meta-consumer-retry', origin: meta.origin },
      dueMs: 0,
      attemptsBefore: 0,
    });
  });

  test('passes on what no retry can help, with its failure', () => {
    const why = makeFailure('malformed', 'MalformedRecord', 'not JSON');
    const body = { ...meta, kind: 'MSG_TERMINATED', reason: 'not JSON', failure: why };
    const { task, failure } = identify('retry', on('MSG_TERMINATED'), body);
    expect(failure).toMatchObject(why);
    expect(task.key.origin).toMatchObject({ seq: 9 });
  });
});
