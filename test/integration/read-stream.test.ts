import { describe, expect, it, onTestFinished } from 'vitest';
import { ConnectionError } from '../../src/lib/errors.js';
import { systemClock } from '../../src/lib/flow/clock.js';
import { msOfNanos } from '../../src/lib/domain/time.js';
import { connect } from '../../src/lib/nats/connect/connect.js';
import { listConsumers } from '../../src/lib/nats/objects.js';
import type { ReadOptions } from '../../src/lib/nats/read/read-options.js';
import { readStream } from '../../src/lib/nats/read/read-stream.js';
import type { Link } from '../../src/lib/nats/link.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { eventually } from '../support/eventually.js';
import { worded } from '../support/suggestions.js';

const stream = 'things';

async function filled(link: Link, count: number): Promise<void> {
  await link.jsm.streams.add({ name: stream, subjects: ['things.>'] });
  await append(link, 1, count);
}

async function append(link: Link, from: number, to: number): Promise<void> {
  const all = Array.from({ length: to - from + 1 }, (_, i) =>
    link.publish(`things.${(from + i) % 2 ? 'odd' : 'even'}`, String(from + i)),
  );
  await Promise.all(all);
}

async function seqsOf(link: Link, options: ReadOptions): Promise<number[]> {
  const out: number[] = [];
  for await (const { seq } of readStream(link, options)) out.push(seq);
  return out;
}

const all = { stream, filters: ['things.>'] };

describe('readStream', () => {
  it('yields each message once, in order, and ends with what was there at the start', async () => {
    const link = await connectTo((await natsForTest()).url);
    await filled(link, 1000);
    const seqs: number[] = [];
    for await (const message of readStream(link, all)) {
      if (seqs.push(message.seq) === 10) await append(link, 1001, 1010);
    }
    expect(seqs).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(await listConsumers(link, stream)).toEqual([]);
  });

  it('reads only what its filters match, from a sequence or a time on', async () => {
    const link = await connectTo((await natsForTest()).url);
    await filled(link, 20);
    const read = (options: Partial<ReadOptions>): Promise<number[]> => seqsOf(link, { ...all, ...options });
    expect(await read({ filters: ['things.even'], from: { seq: 15 } })).toEqual([16, 18, 20]);
    expect(await read({ filters: ['things.none'] })).toEqual([]);
    expect(await read({ from: { seq: 21 } })).toEqual([]);
    expect(await read({ from: { timeMs: Date.now() + 60_000 } })).toEqual([]);
    expect(await read({ from: { timeMs: 0 } })).toHaveLength(20);
  });

  it('ends although the last messages were deleted while it was reading', async () => {
    const link = await connectTo((await natsForTest()).url);
    await filled(link, 600);
    const seqs: number[] = [];
    for await (const message of readStream(link, all)) {
      if (seqs.push(message.seq) > 1) continue;
      await Promise.all([598, 599, 600].map((seq) => link.deleteMessage(stream, seq)));
    }
    expect(seqs).toEqual(Array.from({ length: 597 }, (_, i) => i + 1));
  });

  it('goes on where it was when its consumer is deleted', async () => {
    const link = await connectTo((await natsForTest()).url);
    await filled(link, 1000);
    const seqs: number[] = [];
    for await (const message of readStream(link, all)) {
      if (seqs.push(message.seq) !== 10) continue;
      for (const { name } of await listConsumers(link, stream)) await link.jsm.consumers.delete(stream, name);
    }
    expect(seqs).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
  });

  it('goes on where it was when the server is killed and started again, also while it follows', async () => {
    const server = await natsForTest();
    const link = await connectTo(server.url);
    await filled(link, 1000);
    const seqs: number[] = [];
    for await (const message of readStream(link, { ...all, follow: true })) {
      seqs.push(message.seq);
      if (seqs.length === 10 || seqs.length === 1000) {
        await server.kill9();
        await server.restart();
      }
      if (seqs.length === 1000) {
        await eventually('the connection is back', () => link.connected);
        await append(link, 1001, 1003);
      }
      if (seqs.length === 1003) break;
    }
    expect(seqs).toEqual(Array.from({ length: 1003 }, (_, i) => i + 1));
  });

  it('ends with an error where the server stays away, wherever it was', async () => {
    const server = await natsForTest();
    let skippedMs = 0;
    let away = false;
    const monotonic = (): number => systemClock.monotonic() + (away ? (skippedMs += 20_000) : 0);
    const link = await connectTo(server.url, { clock: { ...systemClock, monotonic } });
    await filled(link, 1000);
    let read = 0;
    const reading = (async () => {
      for await (const _ of readStream(link, all)) {
        if (++read !== 10) continue;
        await server.kill9();
        away = true;
      }
    })();
    await expect(reading).rejects.toBeInstanceOf(ConnectionError);
    expect(read).toBeLessThan(1000);
  });

  it('follows until its signal, and tells at once what is written', async () => {
    const link = await connectTo((await natsForTest()).url);
    await filled(link, 0);
    const end = new AbortController();
    const seqs: number[] = [];
    const reading = (async () => {
      for await (const message of readStream(link, { ...all, follow: true, signal: end.signal })) {
        seqs.push(message.seq);
      }
    })();
    for (let n = 1; n <= 5; n++) {
      await append(link, n, n);
      await eventually(`message ${n} is there`, () => seqs.length === n, 1500);
    }
    end.abort();
    await reading;
    expect(seqs).toEqual([1, 2, 3, 4, 5]);
  });

  describe('a user who may make no consumer', () => {
    const users = `authorization { users: [
      { user: admin, password: p }
      { user: viewer, password: p, permissions: { publish: { deny: ["$JS.API.CONSUMER.>"] } } }
    ] }`;
    const both = async () => {
      const server = await natsForTest({ config: users });
      const as = async (user: string) => {
        const target = { servers: [server.url], source: 'the test', name: user, timeoutMs: 5000 };
        const link = await connect({ ...target, auth: { user, password: 'p' } });
        onTestFinished(() => link.close());
        return link;
      };
      return { server, admin: await as('admin'), viewer: await as('viewer') };
    };

    it('reads the same, one message at a time', async () => {
      const { admin, viewer } = await both();
      await filled(admin, 1000);
      await admin.deleteMessage(stream, 1000);
      await append(admin, 1001, 1010);
      const middle = await admin.readFromLeader(stream, 500);
      const timeMs = msOfNanos(middle?.time ?? '0');
      const ways: readonly Partial<ReadOptions>[] = [
        {},
        { filters: ['things.even', 'things.odd'], from: { seq: 990 } },
        { filters: ['things.none'] },
        { from: { timeMs } },
        { from: { timeMs: timeMs + 600_000 } },
        { from: { timeMs: 0 }, lastSeq: 7 },
        { headersOnly: true, lastSeq: 3 },
        { from: { lastPerSubject: true } },
        { from: { lastPerSubject: true }, filters: ['things.even'], headersOnly: true },
      ];
      for (const way of ways) {
        const read = async (link: Link) => {
          const out = [];
          for await (const message of readStream(link, { ...all, ...way })) out.push(message);
          return out;
        };
        expect(await read(viewer), JSON.stringify(way)).toEqual(
          (await read(admin)).map((message) =>
            expect.objectContaining({ seq: message.seq, time: message.time }),
          ),
        );
      }
    });

    it('follows too, also while the server is started again', async () => {
      const { server, admin, viewer } = await both();
      await filled(admin, 3);
      const seqs: number[] = [];
      for await (const { seq } of readStream(viewer, { ...all, follow: true })) {
        if (seqs.push(seq) === 3) {
          await server.kill9();
          await server.restart();
          await eventually('the connection is back', () => admin.connected);
          await append(admin, 4, 5);
        }
        if (seqs.length === 5) break;
      }
      expect(seqs).toEqual([1, 2, 3, 4, 5]);
    });
  });

  it('names the stream that is missing, and what creates it', async () => {
    const link = await connectTo((await natsForTest()).url);
    await expect(seqsOf(link, all)).rejects.toMatchObject({
      code: 'NO_STREAM',
      message: expect.stringContaining('things'),
      suggestions: expect.arrayContaining([worded('plutomi-events pipeline apply')]),
    });
  });
});
