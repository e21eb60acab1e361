import { expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/lib/flow/clock.js';
import type { Link } from '../../src/lib/nats/link.js';
import { readEach } from '../../src/lib/nats/read/read-each.js';
import { ReadTogether } from '../../src/lib/nats/read/read-together.js';
import { versionAtLeast } from '../../src/lib/nats/server-version.js';
import { seen } from '../support/dead-letters.js';
import { connectTo, natsForTest } from '../support/pipeline.js';

const stream = 'things';
const count = 200;

async function filled({
  direct,
  ...options
}: {
  readonly direct: boolean;
  readonly clock?: Clock;
}): Promise<Link> {
  const link = await connectTo((await natsForTest()).url, options);
  await link.jsm.streams.add({ name: stream, subjects: ['things.>'], allow_direct: direct });
  for (let n = 1; n <= count; n++) await link.publish(`things.${n % 7}`, `${n}`, { msgId: `id-${n}` });
  return link;
}

async function textsOf(link: Link, seqs: readonly number[]): Promise<[number, string, string][]> {
  const found: [number, string, string][] = [];
  await readEach(link, stream, seqs, ({ seq, subject, data, headers }) => {
    expect(headers).toEqual({ 'Nats-Msg-Id': [`id-${seq}`] });
    found.push([seq, subject, Buffer.from(data).toString()]);
  });
  return found.toSorted(([a], [b]) => a - b);
}

const expected = (seqs: readonly number[]): [number, string, string][] =>
  seqs.map((seq) => [seq, `things.${seq % 7}`, `${seq}`]);

it('gives the messages that are there, each once, whatever the order and the gaps', async () => {
  const link = await filled({ direct: true });
  for (const seq of [3, 50, 51, 52, 53, 54, 55, count]) await link.deleteMessage(stream, seq);
  const near = Array.from({ length: 60 }, (_, n) => n + 1).filter((seq) => seq < 10 || seq > 40);
  const far = [70, 90, 110, 111, count - 1, count, count + 50];
  const wanted = [...near, ...far];
  const there = wanted.filter((seq) => seq < count && seq !== 3 && (seq < 50 || seq > 55));
  expect(await textsOf(link, [...wanted.toReversed(), 5, 70])).toEqual(expected(there));
  expect(await textsOf(link, [])).toEqual([]);
});

it('reads what stands near each other by one question, and large messages too', async ({ skip }) => {
  const link = await filled({ direct: true });
  skip(!versionAtLeast(link.serverVersion, '2.11.0'), 'this server has no such questions');
  let questions = 0;
  const counted = seen(link, ['readDirectFrom', 'readDirect'], () => void questions++);
  const all = Array.from({ length: count }, (_, n) => n + 1);
  expect(await textsOf(counted, all)).toEqual(expected(all));
  expect(questions).toBe(1);
  const large = new Uint8Array(900_000);
  for (let n = 0; n < 12; n++) await link.publish('things.large', large);
  const sizes: number[] = [];
  const wanted = Array.from({ length: 12 }, (_, n) => count + 1 + n);
  await readEach(counted, stream, wanted, ({ data }) => sizes.push(data.length));
  expect(sizes).toEqual(wanted.map(() => large.length));
  // At most 4 MB an answer.
  expect(questions).toBeGreaterThan(3);
  expect(questions).toBeLessThan(12);
});

it('reads together what is asked for in one turn', async ({ skip }) => {
  const link = await filled({ direct: true });
  skip(!versionAtLeast(link.serverVersion, '2.11.0'), 'this server has no such questions');
  await link.deleteMessage(stream, 9);
  let questions = 0;
  const counted = seen(link, ['readDirectFrom', 'readDirect'], () => void questions++);
  const together = new ReadTogether(counted, stream);
  const wanted = [7, 8, 9, 10, 11, 12, 7, count + 1];
  const found = await Promise.all(wanted.map((seq) => together.read(seq)));
  expect(found.map((message) => message?.seq)).toEqual([7, 8, undefined, 10, 11, 12, 7, undefined]);
  // One for those near each other, and one for each that was not among them.
  expect(questions).toBe(3);
  expect(await together.read(50)).toMatchObject({ seq: 50, subject: 'things.1' });
});

it('remembers for a second how a stream is read', async ({ skip }) => {
  let nowMs = 5000;
  const clock = { ...systemClock, monotonic: () => nowMs };
  const link = await filled({ direct: true, clock });
  skip(!versionAtLeast(link.serverVersion, '2.11.0'), 'this server has no such questions');
  let questions = 0;
  const counted = seen(link, 'streamInfo', () => void questions++);
  const together = new ReadTogether(counted, stream);
  const read = () => Promise.all([1, 2, 3, 4, 5].map((seq) => together.read(seq)));
  await read();
  nowMs += 999;
  await read();
  expect(questions).toBe(1);
  nowMs += 1;
  await read();
  expect(questions).toBe(2);
});

it('gives nothing where the stream has no direct reads, or is not there', async () => {
  const link = await filled({ direct: false });
  expect(await textsOf(link, [1, 2, 3, 4, 5, 9])).toEqual([]);
  expect(await link.readNear(stream, 1)).toBeUndefined();
  expect(await link.readNear('nothing', 1)).toBeUndefined();
  await readEach(link, 'nothing', [1, 2, 3, 4, 5], () => expect.unreachable());
});

it('gives each who asks for a message in the same turn one of its own', async () => {
  const link = await filled({ direct: true });
  const [one, other] = await Promise.all([link.readNear(stream, 10), link.readNear(stream, 10)]);
  one?.data.fill(0);
  Object.assign(one?.headers['Nats-Msg-Id'] ?? [], { 0: 'altered' });
  expect(Buffer.from(other?.data ?? []).toString()).toBe('10');
  expect(other?.headers).toEqual({ 'Nats-Msg-Id': ['id-10'] });
});
