import type { Place } from '../../src/lib/pipeline/places.js';
import { headers } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { makeFailure } from '../../src/lib/domain/failure.js';
import type { Origin } from '../../src/lib/domain/key.js';
import type { Pointer } from '../../src/lib/domain/pointer.js';
import type { Link } from '../../src/lib/nats/link.js';
import { createStream, deleteStream } from '../../src/lib/nats/objects.js';
import { headerOf, type StoredMessage } from '../../src/lib/nats/wire/message.js';
import { fetchOriginal } from '../../src/lib/pointers/original.js';
import { lastPointer, readPointer, writePointer } from '../../src/lib/pointers/write-pointer.js';
import { connectTo, natsForTest, testBed } from '../support/pipeline.js';

const consumer = 'notifications-consumer';
const retry: Place = { stream: 'events-retry', root: 'events-retry' };
const dlq: Place = { stream: 'events-dlq', root: 'events-dlq' };

const at = '2026-01-31T12:00:00.000Z';

function pointerOf(change: Partial<Pointer> = {}): Pointer {
  return {
    v: 1,
    consumer,
    stage: 'retry',
    cycle: 0,
    origin: { stream: 'events', seq: 42, subject: 'events.totp.requested', time: '17' },
    advisory: {
      type: 't',
      id: 'i',
      timestamp: at,
      stream: 'events',
      consumer,
      stream_seq: 42,
      deliveries: 3,
    },
    failure: makeFailure('error', 'SmtpError', 'refused — für „bob“'),
    attempts: { main: 3, retry: 0 },
    firstFailedAt: at,
    lastFailedAt: at,
    notBeforeMs: Date.parse('2026-01-31T12:05:00.000Z'),
    ...change,
  };
}

/** A server with the two streams of pointers, as `pipeline apply` makes them. */
async function pointerStreams() {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  const special = { max_msgs_per_subject: 1, allow_direct: true };
  await createStream(link, {
    name: retry.stream,
    subjects: ['events-retry.>'],
    retention: 'workqueue',
    ...special,
  });
  await createStream(link, { name: dlq.stream, subjects: ['events-dlq.>'], ...special });
  return { server, link };
}

async function pointerAt(link: Link, place: Place): Promise<Pointer | undefined> {
  const message = await lastPointer(link, place, consumer, 42);
  return message && readPointer(message);
}

async function stateOf(link: Link, place: Place) {
  const info = await link.streamInfo(place.stream);
  return { messages: info?.state.messages, written: info?.state.last_seq };
}

describe.each([
  ['retry', retry],
  ['dlq', dlq],
])('a pointer on the %s stream', (_name, place) => {
  test('is written with its headers, and read back as it was', async () => {
    const { link } = await pointerStreams();
    expect(await writePointer(link, place, pointerOf())).toEqual({ seq: 1, written: true });
    expect(await pointerAt(link, place)).toEqual(pointerOf());
    const message = await lastPointer(link, place, consumer, 42);
    expect(message?.subject).toBe(`${place.root}.${consumer}.42`);
    expect(headerOf(message?.headers ?? {}, 'Plutomi-Reason')).toMatch(/^SmtpError: refused /);
  });

  test('is written once, however often that is repeated', async () => {
    const { link } = await pointerStreams();
    await writePointer(link, place, pointerOf());
    for (let n = 0; n < 3; n++) {
      expect(await writePointer(link, place, pointerOf())).toEqual({ seq: 1, written: false });
    }
    expect(await stateOf(link, place)).toEqual({ messages: 1, written: 1 });
  });

  test('is written once by 20 writers at the same time', async () => {
    const { server, link } = await pointerStreams();
    const links = await Promise.all(Array.from({ length: 4 }, () => connectTo(server.url)));
    const done = await Promise.all(
      Array.from({ length: 20 }, (_, i) => writePointer(links[i % 4] ?? link, place, pointerOf())),
    );
    expect(done.filter(({ written }) => written)).toHaveLength(1);
    expect(new Set(done.map(({ seq }) => seq))).toEqual(new Set([1]));
    expect(await stateOf(link, place)).toEqual({ messages: 1, written: 1 });
  });

  test('of 20 writers of different cycles at the same time, the highest cycle stays', async () => {
    const { link } = await pointerStreams();
    const done = await Promise.all(
      Array.from({ length: 20 }, (_, cycle) => writePointer(link, place, pointerOf({ cycle }))),
    );
    expect((await pointerAt(link, place))?.cycle).toBe(19);
    const { messages, written } = await stateOf(link, place);
    expect(messages).toBe(1);
    expect(done.filter((one) => one.written)).toHaveLength(written ?? 0);
  });

  test('of a later cycle replaces an earlier one, and not the other way round', async () => {
    const { link } = await pointerStreams();
    await writePointer(link, place, pointerOf({ cycle: 1 }));
    expect(await writePointer(link, place, pointerOf({ cycle: 2 }))).toEqual({ seq: 2, written: true });
    expect(await writePointer(link, place, pointerOf({ cycle: 1 }))).toEqual({ seq: 2, written: false });
    expect((await pointerAt(link, place))?.cycle).toBe(2);
  });

  test.each<[string, Partial<Origin>]>([
    ['the same sequence of a recreated stream', { time: '18' }],
    ['another events stream', { stream: 'events-2' }],
  ])('of %s is another event: it replaces it', async (_what, change) => {
    const { link } = await pointerStreams();
    const origin = { ...pointerOf().origin, ...change };
    await writePointer(link, place, pointerOf({ cycle: 5 }));
    expect(await writePointer(link, place, pointerOf({ origin }))).toEqual({ seq: 2, written: true });
    expect((await pointerAt(link, place))?.origin).toEqual(origin);
  });

  test('of an older event never takes the place of a newer one: its own original is gone', async () => {
    const { link } = await pointerStreams();
    const newer = { ...pointerOf().origin, time: '18' };
    await writePointer(link, place, pointerOf({ origin: newer }));
    expect(await writePointer(link, place, pointerOf({ cycle: 5 }))).toEqual({ seq: 1, written: false });
    expect((await pointerAt(link, place))?.origin).toEqual(newer);
  });

  test('replaces what is no pointer', async () => {
    const { link } = await pointerStreams();
    await link.publish(`${place.root}.${consumer}.42`, 'not a pointer');
    expect(await writePointer(link, place, pointerOf())).toEqual({ seq: 2, written: true });
    expect(await pointerAt(link, place)).toEqual(pointerOf());
  });

  test('is written again after it was taken away, inside the dedup window too', async () => {
    const { link } = await pointerStreams();
    const { seq } = await writePointer(link, place, pointerOf());
    await link.deleteMessage(place.stream, seq);
    expect(await writePointer(link, place, pointerOf())).toEqual({ seq: 2, written: true });
  });

  test('is refused by a stream of another name, and written nowhere', async () => {
    const { link } = await pointerStreams();
    const wrong = { ...place, stream: 'somewhere-else' };
    await expect(writePointer(link, wrong, pointerOf())).rejects.toMatchObject({ code: 'JETSTREAM_10060' });
    expect(await stateOf(link, place)).toEqual({ messages: 0, written: 0 });
  });
});

/** With its data as text: the bytes come in different classes. */
const comparable = (message: StoredMessage) => ({ ...message, data: Buffer.from(message.data).toString() });

describe('the original of a pointer', () => {
  async function storedEvent(options: { direct?: boolean; header?: Readonly<Record<string, string>> } = {}) {
    const server = await natsForTest();
    const link = await connectTo(server.url);
    await createStream(link, {
      name: 'events',
      subjects: ['events.>'],
      allow_direct: options.direct ?? true,
    });
    const of = headers();
    of.append('Trace', 'abc');
    for (const [name, value] of Object.entries(options.header ?? { 'Nats-Msg-Id': 'id-1' }))
      of.append(name, value);
    await link.nc.request('events.totp.requested', '{"user":1}', { headers: of, timeout: 3000 });
    const message = await link.readFromLeader('events', 1);
    if (!message) throw new Error('the event was not stored');
    const msgId = headerOf(message.headers, 'Nats-Msg-Id');
    const origin: Origin = {
      stream: 'events',
      seq: 1,
      subject: message.subject,
      time: message.time,
      ...(msgId === undefined ? {} : { msgId }),
    };
    return { link, origin, message };
  }

  test.each([
    ['with direct reads', { direct: true }],
    ['without direct reads', { direct: false }],
    ['with an empty message id', { header: { 'Nats-Msg-Id': '' } }],
    ['with a message id in lower case', { header: { 'nats-msg-id': 'id-1' } }],
    ['without a message id', { header: {} }],
  ])('is present, exactly as it was published: %s', async (_what, options) => {
    const { link, origin, message } = await storedEvent(options);
    const original = await fetchOriginal(link, origin);
    expect(original.state === 'present' && comparable(original.message)).toEqual(comparable(message));
    expect(Buffer.from(message.data).toString()).toBe('{"user":1}');
  });

  test('is missing after it was deleted', async () => {
    const { link, origin } = await storedEvent();
    await link.deleteMessage('events', 1);
    expect(await fetchOriginal(link, origin)).toEqual({ state: 'missing' });
  });

  test('is missing when its sequence was never reached', async () => {
    const { link, origin } = await storedEvent();
    expect(await fetchOriginal(link, { ...origin, seq: 99 })).toEqual({ state: 'missing' });
  });

  test('is missing when its stream is gone', async () => {
    const { link, origin } = await storedEvent();
    await deleteStream(link, 'events');
    expect(await fetchOriginal(link, origin)).toEqual({ state: 'missing' });
  });

  test('is replaced when the stream was recreated', async () => {
    const { link, origin } = await storedEvent();
    await deleteStream(link, 'events');
    await createStream(link, { name: 'events', subjects: ['events.>'], allow_direct: true });
    await link.publish(origin.subject, '{"user":1}', { msgId: 'id-1' });
    expect(await fetchOriginal(link, origin)).toEqual({ state: 'replaced' });
  });

  test.each<[string, Partial<Origin>]>([
    ['another time, by one nanosecond', { time: '1' }],
    ['another subject', { subject: 'events.totp.sent' }],
    ['another message id', { msgId: 'id-2' }],
  ])('is replaced when what stands there has %s', async (_what, change) => {
    const { link, origin } = await storedEvent();
    const time = String(BigInt(origin.time) + BigInt(change.time ?? '0'));
    expect(await fetchOriginal(link, { ...origin, ...change, time })).toEqual({ state: 'replaced' });
  });

  test('is replaced when it had a message id and what stands there has none', async () => {
    const { link, origin } = await storedEvent({ header: {} });
    expect(await fetchOriginal(link, { ...origin, msgId: 'id-1' })).toEqual({ state: 'replaced' });
  });

  describe('is what the leader says', () => {
    /** The link with a replica that answers direct reads so. */
    const withReplica = (link: Link, readDirect: () => Promise<StoredMessage | undefined>): Link =>
      Object.create(link, { readDirect: { value: readDirect } }) as Link;

    test('when a replica does not have it yet', async () => {
      const { link, origin, message } = await storedEvent();
      const lagging = withReplica(link, async () => undefined);
      expect(await fetchOriginal(lagging, origin)).toEqual({ state: 'present', message });
    });

    test('when a replica still has another one', async () => {
      const { link, origin, message } = await storedEvent();
      const stale = withReplica(link, async () => ({ ...message, time: '1' }));
      expect(await fetchOriginal(stale, origin)).toEqual({ state: 'present', message });
    });

    test('when no replica answers', async () => {
      const { link, origin, message } = await storedEvent();
      const silent = withReplica(link, () => Promise.reject(new Error('no responders')));
      expect(await fetchOriginal(silent, origin)).toEqual({ state: 'present', message });
    });
  });

  test('is not missing because nobody answered', async () => {
    const { link, origin } = await storedEvent();
    const mute = Object.create(link, {
      readDirect: { value: () => Promise.reject(new Error('no responders')) },
      readFromLeader: { value: () => Promise.reject(new Error('timeout')) },
    }) as Link;
    await expect(fetchOriginal(mute, origin)).rejects.toThrow('timeout');
  });
});

test('a pointer to a stream that is gone ends as a dead letter, and holds up nobody', async () => {
  const bed = await testBed();
  const origin = { ...pointerOf().origin, stream: 'events-of-last-year' };
  await writePointer(bed.link, retry, pointerOf({ origin, notBeforeMs: 0 }));
  const run = await bed.run({ [consumer]: () => {} });
  await run.until(() => run.count('dead-letter') === 1);
  expect((await bed.dead(consumer, 42))?.pointer.failure.kind).toBe('missing');
  await bed.publish('totp.requested');
  await run.until(() => run.count('succeeded') === 1);
  expect(run.count('holding')).toBe(0);
});

test('an event with a message id of 15,000 letters ends as a dead letter like any other', async () => {
  const noRetry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry: noRetry }] });
  const run = await bed.run({ [consumer]: () => Promise.reject(new Error('always')) });
  const msgId = 'é'.repeat(15_000);
  await bed.publish('totp.requested', {}, msgId);
  await run.until(() => run.count('dead-letter') === 1);
  expect((await bed.dead(consumer, 1))?.pointer.origin.msgId).toMatch(/^sha256:[\da-f]{64}$/);
});

test('the headers of a publish are not written into, and its message id is not used again', async () => {
  const server = await natsForTest();
  const link = await connectTo(server.url);
  await createStream(link, { name: 'events', subjects: ['events.>'] });
  const shared = { Trace: ['a', 'b'], Kind: 'x' };
  const before = structuredClone(shared);
  Object.freeze(shared);
  const first = await link.publish('events.a', '1', { headers: shared, msgId: 'id-1' });
  const second = await link.publish('events.a', '2', { headers: shared });
  const third = await link.publish('events.a', '3', {
    headers: shared,
    msgId: 'id-3',
    expectLastSubjectSeq: 2,
  });
  expect([first, second, third].map(({ seq, duplicate }) => [seq, duplicate])).toEqual([
    [1, false],
    [2, false],
    [3, false],
  ]);
  expect(shared).toEqual(before);
  expect((await link.readFromLeader('events', 2))?.headers).toEqual({ Trace: ['a', 'b'], Kind: ['x'] });
});
