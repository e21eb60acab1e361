import { expect, test } from 'vitest';
import { exhaustionOf, makePointer } from '../support/dead-letters.js';
import { hostileSequences } from '../support/hostile.js';
import { testBed } from '../support/pipeline.js';

const consumer = 'notifications-consumer';
const noRetry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };
const fails = {
  [consumer]: () => {
    throw new Error('always');
  },
};

const origin = { stream: 'events', seq: 7, subject: 'events.totp.requested', time: '1769860800000000000' };
const valid = { ...exhaustionOf(makePointer(origin), 0), stage: 'main' as const };
const root = 'events-advisories';
const own = `${root}.business.MAX_DELIVERIES.${consumer}.7.main.0`;
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const withPart = (change: object): string => JSON.stringify({ ...valid, ...change });
const native = '$JS.EVENT.ADVISORY.CONSUMER';

/** What somebody wrote where exhaustions stand, and why it can't be routed. */
const forged: readonly (readonly [what: string, subject: string, body: string | Uint8Array, why: RegExp])[] =
  [
    ['nothing', own, '', /^not valid JSON$/],
    ['no JSON', own, 'not json', /^not valid JSON$/],
    ['half of a record', own, withPart({}).slice(0, 200), /^not valid JSON$/],
    ['a list', own, '[1]', /expected a JSON object/],
    ['a number', own, '7', /expected a JSON object/],
    ['another shape', own, '{"hello":"world"}', /^v: expected 1/],
    ['1 MB of nothing', own, JSON.stringify({ v: 1, x: 'x'.repeat(1_040_000) }), /bytes, expected at most/],
    [
      '900 KB of a message',
      own,
      withPart({ failure: { ...valid.failure, message: 'x'.repeat(900_000) } }),
      /bytes, expected at most 524288/,
    ],
    ['bytes that are no UTF-8', own, Buffer.from([0x7b, 0xff, 0xfe, 0x22, 0x7d]), /^not text in UTF-8$/],
    ['10,000 levels', own, `{"v":1,"x":${deep(10_000)}}`, /more than 100 levels deep/],
    ['100,000 levels', own, deep(100_000), /not valid JSON|expected a JSON object/],
    ['another kind', own, withPart({ kind: 'MSG_TERMINATED' }), /its body belongs on .*MSG_TERMINATED/],
    ['a kind that ends nothing', own, withPart({ kind: 'ROUTED' }), /^kind: expected an exhaustion/],
    [
      'a kind that does not exist',
      own,
      withPart({ kind: 'toString' }),
      /^kind: expected a journal record kind/,
    ],
    ['another tier', own, withPart({ tier: 'meta' }), /its body belongs on events-advisories\.meta/],
    ['another consumer', own, withPart({ consumer: 'audit' }), /its body belongs on .*audit/],
    ['a consumer that is no name', own, withPart({ consumer: '\u001b[2J' }), /^consumer: expected a name/],
    ['another sequence', own, withPart({ origin: { ...origin, seq: 8 } }), /its body belongs on/],
    ['a negative sequence', own, withPart({ origin: { ...origin, seq: -7 } }), /^origin/],
    [
      'a sequence beyond 2^53',
      own.replace('.7.', '.9007199254740993.'),
      withPart({}).replace('"seq":7', '"seq":9007199254740993'),
      /^origin/,
    ],
    ['an exponent', own, withPart({}).replace('"seq":7', '"seq":1e400'), /^origin/],
    ['a negative cycle', own, withPart({ cycle: -1 }), /^cycle/],
    [
      'the dlq stage',
      own.replace('main', 'dlq'),
      withPart({ stage: 'dlq' }),
      /^stage: expected main or retry/,
    ],
    ['a stage that does not exist', own.replace('main', 'side'), withPart({ stage: 'side' }), /^stage/],
    ['a stage that only the subject has', own.replace('main', 'side'), withPart({}), /its body belongs on/],
    ['a subject with more tokens', `${own}.more`, withPart({}), /its body belongs on/],
    ['a subject with fewer tokens', `${root}.business.MAX_DELIVERIES.x`, withPart({}), /its body belongs on/],
    [
      'a failure without a name',
      own,
      withPart({ failure: { __proto__: null, kind: 'error' } }),
      /^failure: expected/,
    ],
    ['its parts below __proto__', own, `{"__proto__":${withPart({})}}`, /^v: expected 1/],
    [
      'a failed routing that is no record',
      `${root}.meta.MAX_DELIVERIES.meta-consumer.7.main.0`,
      'x',
      /^not valid JSON$/,
    ],
    [
      'the same of the last resort',
      `${root}.meta.MAX_DELIVERIES.meta-consumer-retry.7.main.0`,
      '[]',
      /expected a JSON/,
    ],
  ];

/** What somebody wrote where the server's own advisories stand: nothing is made of it. */
const forgedAdvisories: readonly (readonly [subject: string, body: string])[] = [
  [`${native}.MAX_DELIVERIES.events.c`, 'x'],
  [`${native}.MSG_TERMINATED.events.c`, '{"stream_seq":-1}'],
  [`${native}.MSG_TERMINATED.events-retry.c.more`, deep(10_000)],
];

test('forged records end as dead letters of the meta tier with the reason, and hold up nothing', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry: noRetry }] });
  const run = await bed.run(fails);
  const seqs: number[] = [];
  for (const [subject, body] of forgedAdvisories) await bed.link.publish(subject, body);
  for (const [, subject, body] of forged) seqs.push((await bed.link.publish(subject, body)).seq);
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === forged.length + 1);
  await bed.quiet();
  const told = await Promise.all(
    forged.map(async ([what], i) => {
      const dead = await bed.dead('meta-consumer', seqs[i] ?? 0);
      return [what, dead?.pointer.failure.kind, dead?.pointer.failure.message];
    }),
  );
  expect(told).toEqual(forged.map(([what, , , why]) => [what, 'malformed', expect.stringMatching(why)]));
  expect(await bed.dead(consumer, 1)).toBeDefined();
  expect((await bed.link.streamInfo('events-dlq'))?.state.messages).toBe(forged.length + 1);
  expect((await bed.link.streamInfo('events-retry'))?.state.messages).toBe(0);
  expect(run.count('refused-advisory')).toBe(forgedAdvisories.length);
  expect(run.count('holding')).toBe(0);
});

test('what is forged whole is taken for what it says: a dead letter of its own, whose event is not there', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry: noRetry }] });
  const run = await bed.run(fails);
  const hostile = hostileSequences.join('');
  const about = (name: string, more: object = {}): Promise<unknown> =>
    bed.link.publish(
      `${root}.business.MAX_DELIVERIES.${name}.7.main.0`,
      JSON.stringify({ ...valid, consumer: name, ...more }),
    );
  // As of a consumer that the config had until a moment ago: what it could not do must not be lost.
  await about('nobody');
  await about('__proto__');
  // Deep, and with texts where none belong; what a dead letter needs is right.
  await about('shapes', {
    worker: { a: 1 },
    id: [hostile],
    timestamp: 5,
    x: JSON.parse(deep(90)) as unknown,
  });
  await about('texts', {
    failure: { ...valid.failure, name: hostile, message: hostile, fingerprint: hostile },
    origin: { ...origin, subject: hostile, msgId: hostile.repeat(100) },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  await run.until((events) => events.filter(({ type }) => type === 'routed').length === 5);
  await bed.quiet();
  for (const name of ['nobody', '__proto__', 'shapes', 'texts']) {
    expect((await bed.dead(name, 7))?.pointer).toMatchObject({
      consumer: name,
      cycle: 0,
      origin: { seq: 7 },
    });
  }
  expect(run.count('holding')).toBe(0);
});

test('forged pointers are kept as dead letters of the meta tier, and hold up nothing', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1 }] });
  const run = await bed.run({ [consumer]: () => {} });
  const pointer = { ...makePointer(origin), stage: 'retry' };
  const bodies = [
    '',
    'x',
    '[]',
    '{"v":1}',
    Buffer.from([0xff, 0xfe]),
    deep(10_000),
    JSON.stringify({ ...pointer, consumer: 'audit' }),
    JSON.stringify({ ...pointer, origin: { ...origin, seq: -1 } }),
    JSON.stringify({ ...pointer, origin: { ...origin, msgId: 'x'.repeat(900_000) } }),
  ];
  for (const [i, body] of bodies.entries()) await bed.link.publish(`events-retry.${consumer}.${i + 1}`, body);
  // Whole, and about an event that is not there: its own consumer's dead letter.
  await bed.link.publish(`events-retry.${consumer}.7777`, JSON.stringify(pointer));
  await run.until(() => run.count('dead-letter') === bodies.length + 1);
  await bed.quiet();
  expect((await bed.dead(consumer, 7))?.pointer.failure.kind).toBe('missing');
  expect((await bed.link.streamInfo('events-retry'))?.state.messages).toBe(0);
  expect(run.count('holding')).toBe(0);
});
