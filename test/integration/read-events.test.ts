import { describe, expect, it } from 'vitest';
import type { ReadEventsOptions } from '../../src/lib/events/read/read-options.js';
import { readEvents } from '../../src/lib/events/read/read-events.js';
import { msOfNanos } from '../../src/lib/domain/time.js';
import { readStream } from '../../src/lib/nats/read/read-stream.js';
import { listConsumers } from '../../src/lib/nats/objects.js';
import { eventually } from '../support/eventually.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { type TestBed, testBed } from '../support/pipeline.js';

const bed = (): Promise<TestBed> => testBed({ consumers: [] });

/** Sequences of what is read to its end. */
async function seqsOf({ link, config }: TestBed, options: ReadEventsOptions): Promise<number[]> {
  const seqs: number[] = [];
  for await (const { seq } of readEvents(pipelineOf(link, config), options)) seqs.push(seq);
  return seqs;
}

/** Reads in the background, into a list. */
function follow({ link, config }: TestBed, options: ReadEventsOptions = {}) {
  const end = new AbortController();
  const seqs: number[] = [];
  const done = (async () => {
    for await (const { seq } of readEvents(pipelineOf(link, config), { ...options, signal: end.signal })) {
      seqs.push(seq);
    }
  })();
  return { seqs, end: () => end.abort(), done };
}

const readers = async ({ link }: TestBed): Promise<number> => (await listConsumers(link, 'events')).length;

/** When each of the events was stored, ms since 1970. */
async function timesOf({ link, config }: TestBed): Promise<number[]> {
  const times: number[] = [];
  const { name: stream } = config.streams.events;
  for await (const { time } of readStream(link, { stream, filters: ['>'] })) times.push(msOfNanos(time));
  return times;
}

/** Publishes so many of each type, in turn. */
async function publish(
  it: TestBed,
  count: number,
  types: readonly string[] = ['job.a', 'job.b'],
): Promise<void> {
  for (let n = 0; n < count; n++) for (const type of types) await it.publish(type, { n });
}

const past = { follow: false } as const;

describe('readEvents', () => {
  it('gives subject, type, stream, sequence, time, id, headers, data and encoding', async () => {
    const it = await bed();
    await it.publish('totp.requested', { amount: 1 }, 'id-1');
    await it.publish('other.kind', new Uint8Array([0xff, 0]));
    await it.publish('other.kind', Buffer.from('not JSON'));
    const found = [];
    for await (const event of readEvents(pipelineOf(it.link, it.config), past)) found.push(event);
    const time = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(found.map((event) => event.toJSON())).toEqual([
      {
        subject: 'events.totp.requested',
        type: 'totp.requested',
        stream: 'events',
        seq: 1,
        time,
        id: 'id-1',
        headers: { 'Nats-Msg-Id': ['id-1'] },
        data: { amount: 1 },
        encoding: 'json',
      },
      expect.objectContaining({ type: 'other.kind', id: null, data: '/wA=', encoding: 'base64' }),
      expect.objectContaining({ data: 'not JSON', encoding: 'utf8' }),
    ]);
    expect(found.map(({ text }) => text)).toEqual(['{"amount":1}', null, 'not JSON']);
    expect(found[1]?.raw).toEqual(new Uint8Array([0xff, 0]));
  });

  it('begins where it is told, and reads only what is asked for', async () => {
    const it = await bed();
    await publish(it, 2);
    await it.publish('totp.requested');
    const read = (options: ReadEventsOptions): Promise<number[]> => seqsOf(it, { ...past, ...options });
    expect(await read({})).toEqual([1, 2, 3, 4, 5]);
    expect(await read({ all: true })).toEqual([1, 2, 3, 4, 5]);
    expect(await read({ new: true })).toEqual([]);
    expect(await read({ fromSeq: 4 })).toEqual([4, 5]);
    expect(await read({ since: '1h' })).toEqual([1, 2, 3, 4, 5]);
    expect(await read({ since: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await read({ lastPerSubject: true })).toEqual([3, 4, 5]);
    expect(await read({ subjects: ['events.job.a', 'totp.requested'] })).toEqual([1, 3, 5]);
    expect(await read({ subjects: ['events.*.b'], count: 1 })).toEqual([2]);
    expect(await read({ subjects: ['events.job.>'], fromSeq: 2, count: 2 })).toEqual([2, 3]);
    const times = await timesOf(it);
    const timeMs = times[2] as number;
    const upToThen = times.flatMap((one, i) => (one <= timeMs ? [i + 1] : []));
    expect(await read({ all: true, until: timeMs })).toEqual(upToThen);
    // What has come to its end does not follow.
    expect(await seqsOf(it, { all: true, until: timeMs - 60_000 })).toEqual([]);
    expect(await readers(it)).toBe(0);
  });

  it('gives each once where the subjects that are asked for overlap, or are very many', async () => {
    const it = await bed();
    await publish(it, 2, ['job.a', 'task.a', 'job.b', 'task.b']);
    const read = (...subjects: string[]): Promise<number[]> => seqsOf(it, { ...past, subjects });
    expect(await read('events.job.*', 'events.*.a')).toEqual([1, 2, 3, 5, 6, 7]);
    expect(await read('events.job.>', 'events.job.a', 'events.job.a')).toEqual([1, 3, 5, 7]);
    const many = Array.from({ length: 10_000 }, (_, n) => `events.user.${n}`);
    expect(await read(...many)).toEqual([]);
    expect(await read(...many, 'events.task.*')).toEqual([2, 4, 6, 8]);
  });

  it('reads the last of each of 10,000 subjects, in their order, and then what is new', async () => {
    const it = await bed();
    const send = (from: number, to: number): Promise<unknown> =>
      Promise.all(Array.from({ length: to - from }, (_, n) => it.publish(`user.${from + n}`)));
    await send(0, 10_000);
    await send(0, 5000);
    const { seqs, end, done } = follow(it, { lastPerSubject: true });
    await eventually('all are read', () => seqs.length === 10_000, 30_000);
    await it.publish('user.1');
    await it.publish('user.1');
    await eventually('the new ones too', () => seqs.length === 10_002);
    end();
    await done;
    expect(seqs).toEqual(Array.from({ length: 10_002 }, (_, n) => 5001 + n));
  });

  it('follows what comes after it began, until the signal, and leaves nothing behind', async () => {
    const it = await bed();
    await publish(it, 1);
    const { seqs, end, done } = follow(it, { subjects: ['events.job.>'] });
    await eventually('it reads', async () => (await readers(it)) === 1);
    await it.publish('other.kind');
    await publish(it, 1);
    await eventually('both are there', () => seqs.length === 2);
    end();
    await done;
    expect([seqs, await readers(it)]).toEqual([[4, 5], 0]);
  });

  it('waits for a sequence that is not there yet', async () => {
    const it = await bed();
    await it.publish('job.a');
    const { seqs, end, done } = follow(it, { fromSeq: 4 });
    await eventually('it reads', async () => (await readers(it)) === 1);
    for (let n = 2; n <= 5; n++) await it.publish('job.a');
    await eventually('they are there', () => seqs.length === 2);
    end();
    await done;
    expect(seqs).toEqual([4, 5]);
  });

  it('follows until a time, and gives what was stored by then', async () => {
    const it = await bed();
    await it.publish('job.a');
    const until = new Date(Date.now() + 1500);
    const { seqs, done } = follow(it, { all: true, until });
    for (let n = 2; Date.now() < until.getTime() + 100; n++) {
      await it.publish('job.a');
      await eventually('it is read', () => seqs.length === n || Date.now() >= until.getTime());
    }
    await done;
    const times = await timesOf(it);
    expect(seqs).toEqual(times.flatMap((one, i) => (one <= until.getTime() ? [i + 1] : [])));
    expect(seqs.length).toBeLessThan(times.length);
    expect(await readers(it)).toBe(0);
  });

  it('leaves nothing on the server when the loop is left or throws', async () => {
    const it = await bed();
    await publish(it, 10);
    const pipeline = pipelineOf(it.link, it.config);
    for await (const { seq } of readEvents(pipeline, { all: true })) if (seq === 2) break;
    expect(await readers(it)).toBe(0);
    await expect(async () => {
      for await (const { seq } of readEvents(pipeline, { all: true })) throw new Error(`in the loop: ${seq}`);
    }).rejects.toThrow('in the loop: 1');
    expect(await readers(it)).toBe(0);
    // What a killed process leaves goes by itself.
    const reading = readEvents(pipeline, { all: true });
    await reading.next();
    const [left] = await listConsumers(it.link, 'events');
    expect(left?.config).toMatchObject({ ack_policy: 'none', inactive_threshold: 30_000_000_000 });
    await reading.return();
  });

  it('goes on where it was when its consumer is deleted, and when the server is killed', async () => {
    const it = await bed();
    await publish(it, 200);
    const seqs: number[] = [];
    for await (const { seq } of readEvents(pipelineOf(it.link, it.config), { all: true })) {
      seqs.push(seq);
      if (seqs.length === 10) {
        for (const { name } of await listConsumers(it.link, 'events')) {
          await it.link.jsm.consumers.delete('events', name);
        }
      }
      if (seqs.length === 300) {
        await it.server.kill9();
        await it.server.restart();
        await eventually('the connection is back', () => it.link.connected);
        await publish(it, 1);
      }
      if (seqs.length === 402) break;
    }
    expect(seqs).toEqual(Array.from({ length: 402 }, (_, n) => n + 1));
  });

  it.each([
    [{ subjects: ['orders.>'] }, 'UNKNOWN_SUBJECT', 'the stream events stores events.>'],
    [{ subjects: ['events..a'] }, 'UNKNOWN_SUBJECT', 'found "events..a"'],
    [{ subjects: ['events-dlq.>'] }, 'UNKNOWN_SUBJECT', 'no event has the subject events-dlq.>'],
    [{ all: true, fromSeq: 3 }, 'USAGE', 'found fromSeq and all'],
    [{ fromSeq: 0 }, 'USAGE', 'at least 1'],
    [{ since: 'soon' }, 'USAGE', 'found "soon"'],
    [{ since: '1h', until: '2h' }, 'USAGE', 'is later'],
    [{ until: '2h' }, 'USAGE', 'only new events'],
  ] as const)('refuses %j', async (options, code, message) => {
    const it = await bed();
    await expect(seqsOf(it, options)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it('names the stream that is missing', async () => {
    const it = await bed();
    await it.link.jsm.streams.delete('events');
    await expect(seqsOf(it, past)).rejects.toMatchObject({ code: 'NO_STREAM' });
  });
});
