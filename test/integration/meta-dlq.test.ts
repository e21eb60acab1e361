import { describe, expect, test } from 'vitest';
import { makeFailure } from '../../src/lib/domain/failure.js';
import type { Origin } from '../../src/lib/domain/key.js';
import { makeExhaustion } from '../../src/lib/domain/record-exhaustion.js';
import { UnreachableError } from '../../src/lib/nats/errors.js';
import { storedOrigin } from '../../src/lib/nats/wire/message.js';
import { lastPointer, readPointer } from '../../src/lib/pointers/write-pointer.js';
import { Transcriber } from '../../src/lib/routing/transcribe.js';
import { metaKey } from '../../src/lib/waterfall/stages/meta.js';
import { metaDlqProcess } from '../../src/lib/waterfall/stages/meta-dlq.js';
import { latch } from '../support/latch.js';
import { type Reads, type Workbench, workshop } from '../support/workbench.js';

const shop = workshop();
const stream = 'events-advisories';
const last: Reads = { stream, subject: () => `${stream}.meta.MAX_DELIVERIES.meta-consumer-retry.*.main.0` };
const at = '2027-01-15T08:00:00.000Z';
const failure = makeFailure('error', 'Error', 'the DLQ is full');
let count = 0;

async function open(): Promise<Workbench> {
  const bench = await shop.open(last);
  bench.work(metaDlqProcess({ tools: bench.tools, transcriber: new Transcriber(bench.pipeline) }));
  return bench;
}

/** Puts this into a stream: what could not be routed. */
async function put(
  body: string | Uint8Array,
  subject = `${stream}.business.MAX_DELIVERIES.x.${++count}.main.0`,
) {
  const { seq } = await shop.link.publish(subject, body);
  const from = subject.startsWith('events-retry') ? 'events-retry' : stream;
  const message = await shop.link.readFromLeader(from, seq);
  if (!message) throw new Error('not stored');
  return storedOrigin(message);
}

/** The meta-consumer-retry gives up on it; the sequence of that in the journal. */
async function giveUp(origin: Origin): Promise<number> {
  const x = makeExhaustion({
    key: metaKey('meta-consumer-retry', origin),
    kind: 'MAX_DELIVERIES',
    at,
    failure,
    attempts: { main: 3, retry: 0 },
    firstFailedAt: at,
    worker: 'test',
    delivered: { stream, seq: 1, deliveries: 3 },
  });
  const subject = `${stream}.meta.MAX_DELIVERIES.meta-consumer-retry.${origin.seq}.main.0`;
  return (await shop.link.publish(subject, JSON.stringify(x))).seq;
}

async function deadLetter(bench: Workbench, seq: number) {
  const message = await lastPointer(shop.link, bench.pipeline.places.dlq, 'meta-consumer', seq);
  return message && readPointer(message);
}

const done = ['pointer to dlq', 'ROUTED', '+ACK'] as const;

describe('what could not be routed', () => {
  test('is a dead letter under its place in the journal, with the record embedded', async () => {
    const bench = await open();
    const origin = await put('{"a":1}');
    await giveUp(origin);
    await bench.saidAre(...done);
    expect(await deadLetter(bench, origin.seq)).toMatchObject({
      consumer: 'meta-consumer',
      stage: 'dlq',
      cycle: 0,
      origin,
      failure,
      embedded: { subject: origin.subject, record: { a: 1 } },
    });
    const id = `meta-consumer/${origin.seq}`;
    expect(bench.events).toMatchObject([
      { type: 'dead-letter', id, consumer: 'meta-consumer', reason: failure.message },
    ]);
  });

  test('and stands in another stream is named by its exhaustion, and embedded all the same', async () => {
    const bench = await open();
    const origin = await put('{"v":1}', `events-retry.notifications-consumer.${++count}`);
    const seq = await giveUp(origin);
    await bench.saidAre(...done);
    expect(await deadLetter(bench, seq)).toMatchObject({
      origin: { stream, seq },
      embedded: { subject: origin.subject, record: { v: 1 } },
    });
  });

  test('and is no exhaustion at all is kept with the reason', async () => {
    const bench = await open();
    const subject = `${stream}.meta.MAX_DELIVERIES.meta-consumer-retry.${++count}.main.0`;
    const { seq } = await shop.link.publish(subject, 'not json');
    await bench.saidAre(...done);
    expect(await deadLetter(bench, seq)).toMatchObject({
      origin: { stream, seq },
      failure: { kind: 'malformed', message: expect.stringContaining('JSON') as string },
      embedded: { subject, data: Buffer.from('not json').toString('base64'), encoding: 'base64' },
    });
  });

  const deep = `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`;
  const large = JSON.stringify({ text: 'x'.repeat(140_000) });
  test.each([
    ['no JSON', 'not json', 8],
    ['no object', '[1]', 3],
    ['deeper than a record may be', deep, deep.length],
    ['larger than a record may be: its beginning', large, 131_072],
  ])('is embedded as bytes where it is %s', async (_what, body, length) => {
    const bench = await open();
    const origin = await put(body);
    await giveUp(origin);
    await bench.saidAre(...done);
    const { embedded } = (await deadLetter(bench, origin.seq)) ?? {};
    expect(embedded).toMatchObject({ subject: origin.subject, encoding: 'base64' });
    expect(embedded).not.toHaveProperty('record');
    const bytes = Buffer.from(String(embedded?.['data']), 'base64').toString();
    expect(bytes).toBe(body.slice(0, length));
  });

  test('is a dead letter without it where it is gone, or another message stands there', async () => {
    const bench = await open();
    const gone = await put('{"a":1}');
    await shop.link.deleteMessage(stream, gone.seq);
    const replaced = { ...(await put('{"a":2}')), time: '17' };
    for (const origin of [gone, replaced]) {
      bench.said.length = 0;
      await giveUp(origin);
      await bench.saidAre(...done);
      const pointer = await deadLetter(bench, origin.seq);
      expect(pointer).toMatchObject({ origin: { seq: origin.seq }, failure });
      expect(pointer).not.toHaveProperty('embedded');
    }
  });
});

test.each([
  ['pointer to dlq', []],
  ['ROUTED', ['pointer to dlq']],
])('the dead letter comes first, then the record, then the ack: %s is waited for', async (kind, before) => {
  const [reached, gate] = [latch(), latch()];
  const bench = await open();
  let refusals = 1;
  bench.beforeWrite = async (written) => {
    if (written !== kind) return;
    if (refusals-- > 0) throw new UnreachableError('write', undefined, 'no answer');
    reached.open();
    await gate.opened;
  };
  await giveUp(await put('{"a":1}'));
  await reached.opened;
  expect(bench.said).toEqual(before);
  gate.open();
  await bench.saidAre(...done);
});
