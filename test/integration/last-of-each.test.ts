import { expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/lib/flow/clock.js';
import { LastOfEach } from '../../src/lib/nats/read/last-of-each.js';
import type { Link } from '../../src/lib/nats/link.js';
import { versionAtLeast } from '../../src/lib/nats/server-version.js';
import { seen } from '../support/dead-letters.js';
import { connectTo, natsForTest } from '../support/pipeline.js';

const stream = 'things';

async function filled({
  direct,
  ...options
}: {
  readonly direct: boolean;
  readonly clock?: Clock;
}): Promise<Link> {
  const link = await connectTo((await natsForTest()).url, options);
  await link.jsm.streams.add({ name: stream, subjects: ['things.>'], allow_direct: direct });
  return link;
}

const subjects = Array.from({ length: 2500 }, (_, n) => `things.${n}`);

/** Some have nothing, some one message, some several; the same question may come twice. */
async function write(link: Link): Promise<Map<string, string>> {
  const last = new Map<string, string>();
  for (const [n, subject] of subjects.entries()) {
    if (n % 3 === 0) continue;
    if (n % 3 === 2 && n < 50) await link.publish(subject, 'old');
    if (n >= 50) continue;
    await link.publish(subject, `last of ${n}`, { headers: { 'X-N': String(n) } });
    last.set(subject, `last of ${n}`);
  }
  return last;
}

async function texts(last: LastOfEach, asked: readonly string[]): Promise<Map<string, string>> {
  const found = await last.read(asked);
  const pairs = asked.flatMap((subject): [string, string][] => {
    const message = found.get(subject);
    return message ? [[subject, Buffer.from(message.data).toString()]] : [];
  });
  return new Map(pairs);
}

it.each([
  ['in one question', true, true],
  ['one by one where the stream has no direct reads', false, true],
  ['one by one where the server is older', true, false],
])('gives the last message of each subject, %s', async (_how, direct, supported) => {
  const link = await filled({ direct });
  const last = new LastOfEach(link, stream, supported);
  expect(await texts(last, subjects.slice(0, 10))).toEqual(new Map());
  const written = await write(link);
  expect(await texts(last, subjects.slice(0, 900))).toEqual(written);
  expect(await texts(last, subjects.slice(900))).toEqual(new Map());
  expect(await texts(last, [])).toEqual(new Map());
});

it('asks a stream without direct reads again after a minute', async ({ skip }) => {
  let nowMs = 5000;
  const clock = { ...systemClock, monotonic: () => nowMs };
  const link = await filled({ direct: false, clock });
  skip(!versionAtLeast(link.serverVersion, '2.11.0'), 'this server has no such questions');
  const { seq } = await link.publish('things.1', 'one');
  let questions = 0;
  const counted = seen(link, 'readLastDirect', () => void questions++);
  const last = new LastOfEach(counted, stream, true);
  const read = async () => (await last.read(['things.1'])).get('things.1')?.seq;
  expect(await read()).toBe(seq);
  nowMs += 59_999;
  expect(await read()).toBe(seq);
  expect(questions).toBe(1);
  nowMs += 1;
  expect(await read()).toBe(seq);
  expect(questions).toBe(2);
});

it('puts what is asked at the same time into few questions', async ({ skip }) => {
  const link = await filled({ direct: true });
  skip(!versionAtLeast(link.serverVersion, '2.11.0'), 'this server has no such questions');
  const written = await write(link);
  let questions = 0;
  const counted = seen(link, ['readLastDirect', 'readLast'], () => void questions++);
  const last = new LastOfEach(counted, stream, true);
  const answers = await Promise.all(subjects.map((subject) => last.read([subject])));
  expect(subjects.filter((subject, n) => answers[n]?.has(subject))).toEqual([...written.keys()]);
  // A question and a look at the leader for each thousand.
  expect(questions).toBeLessThan(20);
});

it('asks an empty stream once, and each subject where only the last message was deleted', async ({
  skip,
}) => {
  const link = await filled({ direct: true });
  skip(!versionAtLeast(link.serverVersion, '2.11.0'), 'this server has no such questions');
  let questions = 0;
  const last = new LastOfEach(
    seen(link, ['readLastDirect', 'readLast', 'streamInfo'], () => void questions++),
    stream,
    true,
  );
  expect(await texts(last, subjects.slice(0, 100))).toEqual(new Map());
  expect(questions).toBe(2);
  await link.publish('things.1', 'first');
  await link.publish('things.2', 'second');
  await link.jsm.streams.deleteMessage(stream, 2);
  expect(await texts(last, subjects.slice(0, 100))).toEqual(new Map([['things.1', 'first']]));
});

it('believes only a replica that is as far as the leader', async () => {
  const link = await filled({ direct: true });
  const written = await write(link);
  // Answers as of an earlier moment, as a replica that lags behind does.
  const lagging = new Proxy(link, {
    get(target, name) {
      if (name !== 'readLastDirect') {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return async (...args: Parameters<Link['readLastDirect']>) => {
        const end = await target.readLastDirect(args[0], args[1].slice(-1), () => {});
        return { ...end, upToSeq: end.upToSeq - 1 };
      };
    },
  });
  expect(await texts(new LastOfEach(lagging, stream, true), subjects.slice(0, 60))).toEqual(written);
});

it('finds what is there when the last message of the stream was deleted', async () => {
  const link = await filled({ direct: true });
  const last = new LastOfEach(link, stream, true);
  await link.publish('things.a', 'a');
  const { seq } = await link.publish('things.b', 'b');
  expect((await last.read(['things.a', 'things.b'])).size).toBe(2);
  await link.deleteMessage(stream, seq);
  expect([...(await last.read(['things.a', 'things.b'])).keys()]).toEqual(['things.a']);
});
