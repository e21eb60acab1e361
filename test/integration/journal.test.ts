import { journalAt } from '../support/pipeline-of.js';
import { describe, expect, test } from 'vitest';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { emptyHistory } from '../../src/lib/domain/attempt.js';
import { atStage, type Key, type Origin } from '../../src/lib/domain/key.js';
import {
  attemptOf,
  type Exhaustion,
  type JournalRecord,
  type RecordOf,
} from '../../src/lib/domain/record.js';
import { makeExhaustion } from '../../src/lib/domain/record-exhaustion.js';
import { exhaustionKinds, type ExhaustionKind, type RecordKind } from '../../src/lib/domain/record-kinds.js';
import { readHistory } from '../../src/lib/journal/history.js';
import type { Place } from '../../src/lib/pipeline/places.js';
import { subjectOf } from '../../src/lib/journal/record-about.js';
import { anyRecord, lastRecord, readKeyHistory, recordsOfEach } from '../../src/lib/journal/read.js';
import { isFirstTelling, writeExhaustion, writeRecord } from '../../src/lib/journal/write-record.js';
import type { Link } from '../../src/lib/nats/link.js';
import { createStream, updateStream } from '../../src/lib/nats/objects.js';
import { Pull } from '../../src/lib/nats/consume/pull.js';
import { connectTo, natsForTest } from '../support/pipeline.js';

const place: Place = { stream: 'events-advisories', root: 'events-advisories' };
const at = '2026-01-31T12:00:00.000Z';
const failure = makeFailure('error', 'SmtpError', 'refused');
const origin: Origin = {
  stream: 'events',
  seq: 42,
  subject: 'events.totp.requested',
  msgId: 'm',
  time: '17',
};
const main: Key = { tier: 'business', consumer: 'notifications-consumer', origin, stage: 'main', cycle: 0 };
const retry = atStage(main, 'retry');
/** The event that stands at the same sequence after the stream was recreated. */
const recreated: Key = { ...main, origin: { ...origin, time: '18' } };

async function journal(): Promise<Link> {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  await createStream(link, { name: place.stream, subjects: ['events-advisories.>'] });
  return link;
}

function record<K extends RecordKind>(
  key: Key,
  kind: K,
  facts: Partial<RecordOf<NoInfer<K>>> = {},
): JournalRecord {
  return { v: 1, ...key, kind, at, worker: 'host:1:a', ...facts } as unknown as JournalRecord;
}

const failed = (key: Key, attempt: number): JournalRecord =>
  record(key, 'ATTEMPT_FAILED', { attempt, deliveries: attempt, error: failure, durationMs: 5 });

function exhausted(key: Key, kind: ExhaustionKind = 'MAX_DELIVERIES'): Exhaustion {
  return makeExhaustion({
    key,
    kind,
    at,
    failure,
    attempts: { main: 3, retry: 0 },
    firstFailedAt: at,
    worker: 'host:1:a',
    delivered: { stream: 'events', seq: key.origin.seq, deliveries: 3 },
  });
}

describe('writeRecord', () => {
  test('stores a record on the subject of its key and kind', async () => {
    const link = await journal();
    expect(await writeRecord(journalAt(link, place), failed(main, 1))).toMatchObject({ seq: 1 });
    const message = await link.readLast(
      place.stream,
      'events-advisories.business.ATTEMPT_FAILED.notifications-consumer.42.main.0',
    );
    expect(JSON.parse(Buffer.from(message?.data ?? []).toString())).toEqual(failed(main, 1));
  });

  test('stores one and the same record once, and gives its place each time', async () => {
    const link = await journal();
    await writeRecord(journalAt(link, place), failed(main, 1));
    await writeRecord(journalAt(link, place), failed(main, 2));
    expect(await writeRecord(journalAt(link, place), failed(main, 1))).toMatchObject({ seq: 1 });
    expect((await link.streamInfo(place.stream))?.state.messages).toBe(2);
  });

  test('stores one exhaustion of a stage, whatever their kinds', async () => {
    const link = await journal();
    const { seq: first } = await writeRecord(journalAt(link, place), exhausted(main, 'MAX_DELIVERIES'));
    expect(await writeRecord(journalAt(link, place), exhausted(main, 'MSG_TERMINATED'))).toMatchObject({
      seq: first,
    });
    expect(await writeRecord(journalAt(link, place), exhausted(retry))).toMatchObject({ seq: first + 1 });
    expect(await writeRecord(journalAt(link, place), exhausted({ ...main, cycle: 1 }))).toMatchObject({
      seq: first + 2,
    });
    expect(await writeRecord(journalAt(link, place), exhausted(recreated))).toMatchObject({ seq: first + 3 });
  });

  test('throws when the journal takes no more, and nothing is stored', async () => {
    const link = await journal();
    await writeRecord(journalAt(link, place), failed(main, 1));
    await updateStream(link, place.stream, { max_msgs: 1, discard: 'new' });
    await expect(writeRecord(journalAt(link, place), failed(main, 2))).rejects.toMatchObject({
      code: 'STORE_FULL',
    });
    expect((await link.streamInfo(place.stream))?.state.last_seq).toBe(1);
  });

  test('throws when there is no journal', async () => {
    const server = await natsForTest();
    const link = await connectTo(server.url);
    await expect(writeRecord(journalAt(link, place), failed(main, 1))).rejects.toMatchObject({
      code: 'NO_STREAM',
    });
  });
});

describe('lastRecord', () => {
  test('is the last one of its kind about the key', async () => {
    const link = await journal();
    for (const attempt of [1, 2]) await writeRecord(journalAt(link, place), failed(main, attempt));
    await writeRecord(journalAt(link, place), failed(retry, 1));
    expect(await lastRecord(journalAt(link, place), main, 'ATTEMPT_FAILED')).toEqual({
      journalSeq: 2,
      storedAt: (await link.readFromLeader(place.stream, 2))?.time,
      record: failed(main, 2),
    });
    expect(await lastRecord(journalAt(link, place), main, 'SNOOZED')).toBeUndefined();
  });

  test('is none when it is about another event at the same sequence', async () => {
    const link = await journal();
    await writeRecord(journalAt(link, place), failed(recreated, 1));
    expect(await lastRecord(journalAt(link, place), main, 'ATTEMPT_FAILED')).toBeUndefined();
  });

  test.each([
    'not json',
    '{}',
    JSON.stringify({ ...failed(main, 1), error: 'text' }),
    JSON.stringify({ ...failed(main, 1), kind: 'SNOOZED' }),
  ])('is none when what stands there is %.20s', async (forged) => {
    const link = await journal();
    await link.publish(subjectOf(place, main, 'ATTEMPT_FAILED'), forged);
    expect(await lastRecord(journalAt(link, place), main, 'ATTEMPT_FAILED')).toBeUndefined();
  });
});

test('anyRecord is the first that is there, in the order of the question', async () => {
  const link = await journal();
  await writeRecord(journalAt(link, place), record(main, 'RESOLVED', { attempt: 1 }));
  await writeRecord(journalAt(link, place), record(main, 'ROUTED', { to: 'retry' }));
  const found = await anyRecord(journalAt(link, place), [
    [main, 'DISCARDED'],
    [main, 'ROUTED'],
    [main, 'RESOLVED'],
  ]);
  expect(found?.record.kind).toBe('ROUTED');
  expect(await anyRecord(journalAt(link, place), [[retry, 'ROUTED']])).toBeUndefined();
});

test('a record on the subject of another kind counts as neither', async () => {
  const link = await journal();
  const own = journalAt(link, place);
  await link.publish(subjectOf(place, main, 'ROUTED'), JSON.stringify(record(main, 'RESOLVED')));
  expect(await anyRecord(own, [[main, 'ROUTED']])).toBeUndefined();
  expect(await anyRecord(own, [[main, 'RESOLVED']])).toBeUndefined();
});

test('recordsOfEach answers each question by what is there of its own', async () => {
  const own = journalAt(await journal(), place);
  await writeRecord(own, failed(main, 1));
  await writeRecord(own, exhausted(retry));
  const found = await recordsOfEach(own, [
    [
      [main, 'ROUTED'],
      [main, 'ATTEMPT_FAILED'],
    ],
    [],
    [[retry, 'MAX_DELIVERIES']],
    [[retry, 'RESOLVED']],
  ]);
  expect(found.map((all) => all.map(({ kind, stage }) => `${stage} ${kind}`))).toEqual([
    ['main ATTEMPT_FAILED'],
    [],
    ['retry MAX_DELIVERIES'],
    [],
  ]);
});

describe('readKeyHistory', () => {
  const later = { firstDelivery: false };

  test('of a key without records is the empty one itself, by which others know that nothing was found', async () => {
    expect(await readKeyHistory(journalAt(await journal(), place), main, later)).toBe(emptyHistory);
  });

  test('leaves out attempts from before the consumer was made, and never what ended the key', async () => {
    const link = await journal();
    const own = journalAt(link, place);
    await writeRecord(own, failed(main, 2));
    await writeRecord(own, record(main, 'SNOOZED', { attempt: 3, deliveries: 3, until: at }));
    await writeRecord(own, exhausted(main));
    const since = (await lastRecord(own, main, 'SNOOZED'))?.storedAt;
    if (since === undefined) throw new Error('not stored');
    const history = await readKeyHistory(own, main, { ...later, since });
    expect(Object.keys(history).toSorted()).toEqual(['ended', 'snoozed']);
    const after = await readKeyHistory(own, main, { ...later, since: String(BigInt(since) + 1n) });
    expect(Object.keys(after)).toEqual(['ended']);
    // Something was there, though nothing of it counts.
    await writeRecord(own, failed(retry, 1));
    expect(await readKeyHistory(own, retry, { ...later, since: '9000000000000000000' })).not.toBe(
      emptyHistory,
    );
  });

  test('is the last record of each kind that counts, with its place', async () => {
    const link = await journal();
    await writeRecord(journalAt(link, place), failed(main, 1));
    await writeRecord(journalAt(link, place), record(main, 'ATTEMPT_STARTED', { attempt: 2, deliveries: 2 }));
    await writeRecord(
      journalAt(link, place),
      record(main, 'SNOOZED', { attempt: 2, deliveries: 2, until: at }),
    );
    await writeRecord(journalAt(link, place), record(main, 'ATTEMPT_STARTED', { attempt: 2, deliveries: 3 }));
    const history = await readKeyHistory(journalAt(link, place), main, later);
    expect(history).toMatchObject({
      failed: { journalSeq: 1, record: { attempt: 1 } },
      snoozed: { journalSeq: 3, record: { attempt: 2 } },
      started: { journalSeq: 4, record: { attempt: 2, deliveries: 3 } },
    });
    expect(history.ended).toBeUndefined();
  });

  test('of a first delivery is only what ended the key', async () => {
    const link = await journal();
    await writeRecord(journalAt(link, place), failed(main, 1));
    await writeRecord(journalAt(link, place), record(main, 'RESOLVED', { attempt: 2 }));
    const history = await readKeyHistory(journalAt(link, place), main, { firstDelivery: true });
    expect(Object.keys(history)).toEqual(['ended']);
  });

  test.each([...exhaustionKinds, 'RESOLVED'] as const)('knows that %s ended the key', async (kind) => {
    const link = await journal();
    await writeRecord(
      journalAt(link, place),
      kind === 'RESOLVED' ? record(main, kind) : exhausted(main, kind),
    );
    const { ended } = await readKeyHistory(journalAt(link, place), main, later);
    expect(ended?.record.kind).toBe(kind);
  });

  test('a late success in main ends the retry of the same cycle, and of no other', async () => {
    const link = await journal();
    await writeRecord(journalAt(link, place), record(main, 'RESOLVED', { attempt: 1, late: true }));
    expect((await readKeyHistory(journalAt(link, place), retry, later)).ended?.record).toMatchObject({
      late: true,
    });
    expect(
      (await readKeyHistory(journalAt(link, place), atStage(main, 'retry', 1), later)).ended,
    ).toBeUndefined();
  });

  test.each<[string, Key]>([
    ['another consumer', { ...main, consumer: 'analytics-consumer' }],
    ['another cycle', { ...main, cycle: 1 }],
    ['the other tier', { ...main, tier: 'meta' }],
    ['another event', { ...main, origin: { ...origin, seq: 43 } }],
    ['the event of a recreated stream', recreated],
  ])('nothing about %s counts', async (_what, other) => {
    const link = await journal();
    await writeRecord(journalAt(link, place), failed(other, 1));
    await writeRecord(journalAt(link, place), exhausted(other));
    expect(await readKeyHistory(journalAt(link, place), main, later)).toEqual({});
  });
});

describe('readHistory', () => {
  test('is everything about one event and consumer, of all stages and cycles, in order of writing', async () => {
    const link = await journal();
    const replayed = atStage(main, 'dlq', 1);
    const own = [
      failed(main, 1),
      failed(main, 2),
      exhausted(main),
      record(main, 'ROUTED', { to: 'retry' }),
      failed(retry, 1),
      exhausted(retry),
      record(retry, 'ROUTED', { to: 'dlq' }),
      record(replayed, 'REPLAYED', { operator: 'ada@host', task: 't1', note: 'SMTP is back' }),
      record(atStage(main, 'retry', 1), 'RESOLVED', { attempt: 1 }),
    ];
    const others = [
      failed({ ...main, consumer: 'analytics-consumer' }, 1),
      failed({ ...main, origin: { ...origin, seq: 421 } }, 1),
      failed(recreated, 1),
      record({ ...main, tier: 'meta' }, 'ROUTED'),
    ];
    for (const [i, one] of own.entries()) {
      await writeRecord(journalAt(link, place), one);
      const other = others[i];
      if (other) await writeRecord(journalAt(link, place), other);
    }
    const history = await readHistory(journalAt(link, place), 'business', main.consumer, origin);
    expect(history.map(({ record }) => record)).toEqual(own);
    const seqs = history.map(({ journalSeq }) => journalSeq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  });

  test('leaves out what is malformed', async () => {
    const link = await journal();
    await writeRecord(journalAt(link, place), failed(main, 1));
    await link.publish(subjectOf(place, main, 'ATTEMPT_FAILED'), 'not json');
    await writeRecord(journalAt(link, place), failed(main, 2));
    const history = await readHistory(journalAt(link, place), 'business', main.consumer, origin);
    expect(history.map(({ record }) => attemptOf(record))).toEqual([1, 2]);
  });

  test('is empty where there is nothing, and where there is no journal', async () => {
    const link = await journal();
    expect(await readHistory(journalAt(link, place), 'business', main.consumer, origin)).toEqual([]);
    const nowhere = { ...place, stream: 'nowhere' };
    expect(await readHistory(journalAt(link, nowhere), 'business', main.consumer, origin)).toEqual([]);
  });
});

test('an exhaustion says whether it is the first that is told, and is stored either way', async () => {
  const link = await journal();
  const first = await writeExhaustion(journalAt(link, place), exhausted(main));
  // The same again: known by its message id.
  expect(await writeExhaustion(journalAt(link, place), exhausted(main))).toMatchObject({
    seq: first.seq,
    duplicate: true,
  });
  // Another event at the same place, and one of which nothing is told.
  await writeExhaustion(journalAt(link, place), exhausted(recreated));
  await writeRecord(journalAt(link, place), exhausted(retry));
  const told: [number, boolean][] = [];
  await link.jsm.consumers.add(place.stream, { durable_name: 'reader', ack_policy: 'explicit' });
  const pull = new Pull(
    link,
    { stream: place.stream, consumer: 'reader', capacity: 10 },
    {
      onMessage: (delivery) => void told.push([delivery.seq, isFirstTelling(delivery)]),
      onGone: () => {},
    },
  );
  await expect.poll(() => told.length).toBe(3);
  await pull.stop({ abandon: true });
  expect(told).toEqual([
    [1, true],
    [2, false],
    [3, false],
  ]);
});
