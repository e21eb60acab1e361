import { expect, test } from 'vitest';
import { Reject, Snooze } from '../../src/lib/domain/outcome.js';
import { failedAttempts, testBed } from '../support/pipeline.js';

const consumer = 'notifications-consumer';
const two = [{ name: consumer }, { name: 'analytics-consumer' }];

test('a success is acknowledged and leaves no record', async () => {
  const bed = await testBed();
  const seen: unknown[] = [];
  const run = await bed.run({
    [consumer]: (event) => seen.push([event.type, event.data, event.id, event.seq]),
  });
  await bed.publish('totp.requested', { user: 1 }, 'id-1');
  await run.until(() => run.count('succeeded') === 1);
  await bed.quiet();
  expect(seen).toEqual([['totp.requested', { user: 1 }, 'id-1', 1]]);
  expect(await bed.journal()).toEqual([]);
});

test('fails in main, fails in retry, ends in the DLQ: for the failing consumer only', async () => {
  const bed = await testBed({ consumers: two });
  const runs: string[] = [];
  let other = 0;
  const run = await bed.run({
    [consumer]: (event, { stage, attempt }) => {
      runs.push(`${stage} ${attempt} ${event.seq}`);
      throw new Error('SES is down');
    },
    'analytics-consumer': () => void other++,
  });
  await bed.publish('totp.requested', {}, 'the-id');
  await run.until(() => run.count('dead-letter') === 1);
  await bed.quiet();
  expect(runs).toEqual(['main 1 1', 'main 2 1', 'main 3 1', 'retry 1 1', 'retry 2 1', 'retry 3 1']);
  expect(other).toBe(1);
  const dead = await bed.dead(consumer, 1);
  expect(dead?.pointer).toMatchObject({
    consumer,
    stage: 'dlq',
    cycle: 0,
    attempts: { main: 3, retry: 3 },
    failure: { kind: 'error', message: 'SES is down' },
    origin: { stream: 'events', seq: 1, subject: 'events.totp.requested', msgId: 'the-id' },
  });
  expect(dead?.message.headers).toMatchObject({
    'Plutomi-Consumer': [consumer],
    'Plutomi-Origin-Stream': ['events'],
    'Plutomi-Origin-Seq': ['1'],
    'Plutomi-Origin-Msg-Id': ['the-id'],
    'Plutomi-Cycle': ['0'],
  });
  // Every failed attempt stands in the history: no two share a message id.
  expect(failedAttempts(await bed.journal())).toEqual([
    `${consumer}/1 main 1`,
    `${consumer}/1 main 2`,
    `${consumer}/1 main 3`,
    `${consumer}/1 retry 1`,
    `${consumer}/1 retry 2`,
    `${consumer}/1 retry 3`,
  ]);
  expect((await bed.journal('MAX_DELIVERIES')).length).toBe(2);
  expect((await bed.link.streamInfo('events-retry'))?.state.messages).toBe(0);
  expect((await bed.link.streamInfo('events'))?.state.messages).toBe(1);
});

test('succeeds in the retry stage: RESOLVED, and nothing in the DLQ', async () => {
  const bed = await testBed();
  const run = await bed.run({
    [consumer]: (_event, { stage }) => {
      if (stage === 'main') throw new Error('not yet');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('succeeded') === 1);
  await bed.quiet();
  expect((await bed.journal('RESOLVED')).map(({ record }) => [record.stage, record.attempt])).toEqual([
    ['retry', 1],
  ]);
  expect(await bed.dead(consumer, 1)).toBeUndefined();
});

test('a retry without a delay is due at once, and its first run needs no announcement', async () => {
  const retry = { enabled: true, delayMs: 0, attempts: 1, backoffMs: [] };
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry }] });
  const run = await bed.run({
    [consumer]: () => {
      throw new Error('always');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  await bed.quiet();
  expect((await bed.journal()).map(({ record }) => `${record.stage} ${record.kind}`)).toEqual([
    'main MAX_DELIVERIES',
    'main ROUTED',
    'retry MAX_DELIVERIES',
    'retry ROUTED',
  ]);
});

test('a pointer of the second hop resolves to the right event', async () => {
  const bed = await testBed();
  const retried: unknown[] = [];
  const run = await bed.run({
    [consumer]: (event, { stage }) => {
      if (stage === 'retry') retried.push([event.seq, event.data]);
      if ((event.data as { n: number }).n === 5) throw new Error('five');
    },
  });
  for (let n = 1; n <= 5; n++) await bed.publish('totp.requested', { n });
  await run.until(() => run.count('dead-letter') === 1);
  expect(retried).toEqual([
    [5, { n: 5 }],
    [5, { n: 5 }],
    [5, { n: 5 }],
  ]);
  expect((await bed.dead(consumer, 5))?.pointer.origin.seq).toBe(5);
});

test('every attempt sees the original: the same bytes, headers, id and time', async () => {
  const bed = await testBed();
  const seen: unknown[] = [];
  const run = await bed.run({
    [consumer]: ({ raw, headers, id, seq, time, subject }, { idempotencyKey }) => {
      seen.push([
        Buffer.from(raw).toString('hex'),
        headers,
        id,
        seq,
        time.toISOString(),
        subject,
        idempotencyKey,
      ]);
      throw new Error('always');
    },
  });
  const headers = { 'X-Trace': ['a', 'b'], 'Event-Type': 'totp.requested' };
  const raw = new Uint8Array([0, 1, 2, 255, 128]);
  await bed.link.publish('events.totp.requested', raw, { headers, msgId: 'one' });
  await run.until(() => run.count('dead-letter') === 1);
  expect(seen.length).toBe(6);
  expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(1);
  expect((seen[0] as unknown[]).slice(0, 4)).toEqual([
    '000102ff80',
    { 'X-Trace': ['a', 'b'], 'Event-Type': ['totp.requested'], 'Nats-Msg-Id': ['one'] },
    'one',
    1,
  ]);
});

test('Reject skips the other attempts and the retry stage', async () => {
  const bed = await testBed();
  const run = await bed.run({
    [consumer]: () => {
      throw new Reject('no such address');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  const dead = await bed.dead(consumer, 1);
  expect(dead?.pointer).toMatchObject({
    attempts: { main: 1, retry: 0 },
    failure: { kind: 'rejected', message: 'no such address' },
  });
  expect((await bed.journal('MSG_TERMINATED')).length).toBe(1);
});

test('a consumer without retry stage goes straight to the DLQ', async () => {
  const bed = await testBed({
    consumers: [
      { name: consumer, attempts: 2, retry: { enabled: false, delayMs: 0, attempts: 2, backoffMs: [] } },
    ],
  });
  const run = await bed.run({
    [consumer]: () => {
      throw new Error('always');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  expect((await bed.dead(consumer, 1))?.pointer.attempts).toEqual({ main: 2, retry: 0 });
});

test('a snooze comes back later and costs no attempt', async () => {
  const bed = await testBed();
  const attempts: number[] = [];
  const run = await bed.run({
    [consumer]: (_event, { attempt }) => {
      attempts.push(attempt);
      if (attempts.length <= 4) throw new Snooze('30ms');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('succeeded') === 1);
  expect(attempts).toEqual([1, 1, 1, 1, 1]);
  expect((await bed.journal('SNOOZED')).length).toBe(4);
});

test('a snooze beyond the life of the event is a failed attempt', async () => {
  const bed = await testBed();
  const run = await bed.run({
    [consumer]: () => {
      throw new Snooze('30d');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  expect((await bed.dead(consumer, 1))?.pointer.failure.message).toMatch(/snoozed for 30d/);
});

test('a snooze that the journal would forget is a failed attempt', async () => {
  const bed = await testBed({ streams: { events: { maxAgeMs: 0 } } });
  const run = await bed.run({
    [consumer]: () => {
      throw new Snooze('30d');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  expect((await bed.dead(consumer, 1))?.pointer.failure.message).toBe(
    'snoozed for 30d, but the journal forgets that after 30d',
  );
});

test('each backoff is honoured', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 3, backoffMs: [300, 900] }] });
  const at: number[] = [];
  const run = await bed.run({
    [consumer]: () => {
      at.push(performance.now());
      throw new Error('again');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('routed') >= 1);
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(295);
  expect((at[2] ?? 0) - (at[1] ?? 0)).toBeGreaterThanOrEqual(895);
});

test.each([
  [
    'throws at once',
    () => {
      throw new TypeError('sync');
    },
    'TypeError',
    'sync',
  ],
  ['rejects with a string', () => Promise.reject('just text'), 'Error', 'just text'],
  ['rejects with undefined', () => Promise.reject(undefined), 'Error', 'undefined'],
  ['never settles', () => new Promise(() => {}), 'Timeout', 'no result within 100 ms'],
  [
    'rejects with a circular object',
    () => {
      const o: { self?: unknown } = {};
      o.self = o;
      return Promise.reject(o);
    },
    'Error',
    '[object Object]',
  ],
  [
    'has line feeds in its message',
    () => {
      throw new Error('a\nb\r\n\u001b[31mc');
    },
    'Error',
    'a\\nb\\r\\n\\u001b[31mc',
  ],
])('a handler that %s ends as a dead letter', async (_what, handler, name, message) => {
  const bed = await testBed({
    consumers: [
      {
        name: consumer,
        attempts: 1,
        timeoutMs: 100,
        retry: { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] },
      },
    ],
  });
  const run = await bed.run({ [consumer]: handler });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  expect((await bed.dead(consumer, 1))?.pointer.failure).toMatchObject({ name, message });
});

test('an error with a message of 1 MB ends as a dead letter of a few KB', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1 }] });
  const run = await bed.run({
    [consumer]: () => {
      throw new Error('x'.repeat(1_000_000));
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  const dead = await bed.dead(consumer, 1);
  expect(dead?.message.data.length).toBeLessThan(8192);
  expect(dead?.message.headers['Plutomi-Reason']?.[0]?.length).toBeLessThanOrEqual(800);
});

test('a handler that calls back after its timeout changes nothing', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, timeoutMs: 60 }] });
  let release = (): void => {};
  const late = new Promise<void>((resolve) => {
    release = resolve;
  });
  const run = await bed.run({ [consumer]: (_event, { stage }) => (stage === 'main' ? late : undefined) });
  await bed.publish('totp.requested');
  await run.until(() => run.count('routed') === 1);
  release();
  await run.until(() => run.count('late-settlement') === 1 && run.count('succeeded') === 1);
  expect((await bed.journal('RESOLVED')).map(({ record }) => record.stage)).toEqual(['retry']);
});

test('more handlers that never settle than the concurrency end the pipeline', async () => {
  const bed = await testBed({
    consumers: [{ name: consumer, concurrency: 2, attempts: 5, timeoutMs: 50, backoffMs: [10] }],
  });
  const run = await bed.run({ [consumer]: () => new Promise(() => {}) });
  await bed.publish('totp.requested');
  await expect(run.pipeline.ended).rejects.toMatchObject({ code: 'TOO_MANY_ZOMBIES' });
});

test('1,000 events in backoff do not hold up the 1,001st', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, concurrency: 50, backoffMs: [600_000] }] });
  let good = 0;
  const run = await bed.run({
    [consumer]: (event) => {
      if ((event.data as { bad: boolean }).bad) throw new Error('bad');
      good++;
    },
  });
  await Promise.all(Array.from({ length: 1000 }, () => bed.publish('totp.requested', { bad: true })));
  await run.until(() => run.count('attempt-failed') === 1000);
  await bed.publish('totp.requested', { bad: false });
  await run.until(() => good === 1);
});

test('snoozes for a short time are counted, and one after a thousand of them is a failed attempt', async () => {
  const noRetry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 2, retry: noRetry }] });
  const seq = await bed.publish('totp.requested');
  let runs = 0;
  const run = await bed.run({
    [consumer]: () => {
      runs++;
      throw new Snooze(0);
    },
  });
  await run.until(() => run.count('snoozed') === 3);
  await run.stop();
  const snoozed = await bed.journal('SNOOZED');
  const counts = snoozed
    .filter(({ record }) => record.takenBack !== true)
    .map(({ record }) => record.snoozes);
  expect(counts.slice(0, 3)).toEqual([1, 2, 3]);
  const last = snoozed.at(-1)?.record;
  await bed.link.publish(
    `events-advisories.business.SNOOZED.${consumer}.${seq}.main.0`,
    JSON.stringify({ ...last, snoozes: 1000 }),
  );
  runs = 0;
  const next = await bed.run({
    [consumer]: () => {
      runs++;
      throw new Snooze(0);
    },
  });
  await next.until(() => next.count('dead-letter') === 1);
  expect(runs).toBe(2);
  expect((await bed.dead(consumer, seq))?.pointer.failure.message).toContain('it was snoozed 1000 times');
});

test.each(['managed', 'external'])(
  'without the handler of its dead letters a %s consumer is not run at all',
  async (kind) => {
    const told = { name: 'told', onDeadLetter: { handler: '/nowhere/alert.mjs' } };
    const bed = await testBed(kind === 'managed' ? { consumers: [told] } : { external: [told] });
    const handlers = Object.fromEntries(bed.config.consumers.map(({ name }) => [name, () => {}]));
    await expect(bed.run(handlers)).rejects.toThrow(
      'consumers.told.onDeadLetter.handler: no handler was loaded from /nowhere/alert.mjs',
    );
    await expect(bed.run(handlers, [])).resolves.toBeDefined();
  },
);
