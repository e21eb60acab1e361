import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { attemptOf, errorOf } from '../../../src/lib/domain/record.js';
import { deleteStream } from '../../../src/lib/nats/objects.js';
import { versionAtLeast } from '../../../src/lib/nats/server-version.js';
import { eventually } from '../../support/eventually.js';
import { type TestBed, testBed } from '../../support/pipeline.js';
import { containing } from '../../support/suggestions.js';

const consumer = 'notifications-consumer';
const other = 'search-consumer';
const noRetry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };
const briefly = { attempts: 2, backoffMs: [20], retry: { ...noRetry, enabled: true, delayMs: 20 } };

/** An error whose record is as large as one may be. */
function longError(): Error {
  const error = new Error(`no room: ${'"m'.repeat(4000)}`);
  error.stack = `Error: no room\n${'    at somewhere ("quoted")\n'.repeat(2000)}`;
  return error;
}

const throwsLong = (): never => {
  throw longError();
};

/** The server's config is read again, as by `nats-server --signal reload`. */
async function reload({ server }: TestBed, config: string): Promise<void> {
  await writeFile(join(dirname(server.storeDir), 'nats.conf'), config);
  process.kill(server.pid, 'SIGHUP');
}

test.each([
  ['a server that takes 4 KB', 'max_payload: 4096', undefined],
  ['a server that takes 25 KB', 'max_payload: 25000', undefined],
  ['a journal that takes 4 KB', undefined, 4096],
  ['a journal that takes 2 KB', undefined, 2048],
  ['a journal that takes 1 KB', undefined, 1024],
])('%s gets smaller records of what failed, and nothing waits', async (_what, config, max_msg_size) => {
  const bed = await testBed({ consumers: [{ name: consumer, ...briefly }] }, config ? { config } : {});
  if (max_msg_size) await bed.link.jsm.streams.update('events-advisories', { max_msg_size });
  const run = await bed.run({ [consumer]: throwsLong });
  const seq = await bed.publish('totp.requested', {}, 'x'.repeat(200));
  await run.until(() => run.count('dead-letter') === 1);
  await bed.quiet();
  const failed = (await bed.journal('ATTEMPT_FAILED', 'MAX_DELIVERIES')).map(({ record }) => record);
  expect(failed.map((one) => `${one.stage} ${attemptOf(one)}`)).toEqual(['main 1', 'main 2', 'retry 1']);
  const dead = await bed.dead(consumer, seq);
  expect(dead?.pointer.failure.message).toMatch(/^no room/);
  // Of the whole message, however little of it is left.
  expect(new Set(failed.map((one) => ('failure' in one ? one.failure : errorOf(one))?.fingerprint))).toEqual(
    new Set([dead?.pointer.failure.fingerprint]),
  );
  expect([run.count('holding'), run.count('refused')]).toEqual([0, 0]);
});

test.each(['events-retry', 'events-dlq'])(
  'a pointer that %s has no room for is made smaller',
  async (stream) => {
    const bed = await testBed({ consumers: [{ name: consumer, ...briefly }] });
    await bed.link.jsm.streams.update(stream, { max_msg_size: 2048 });
    const run = await bed.run({ [consumer]: throwsLong });
    const seq = await bed.publish('totp.requested');
    await run.until(() => run.count('dead-letter') === 1);
    expect((await bed.dead(consumer, seq))?.pointer).toMatchObject({ attempts: { main: 2, retry: 1 } });
    expect(run.count('holding')).toBe(0);
  },
);

test('one event whose records fit nowhere stops nobody else, is told once, and is done when there is room', async () => {
  const bed = await testBed({
    consumers: [
      { name: consumer, concurrency: 1, attempts: 1, retry: noRetry },
      { name: other, concurrency: 1 },
    ],
  });
  await bed.link.jsm.streams.update('events-advisories', { max_msg_size: 300 });
  let runs = 0;
  const run = await bed.run({
    [consumer]: (event) => {
      if (event.seq > 1) return;
      runs++;
      throwsLong();
    },
    [other]: () => {},
  });
  for (let n = 0; n < 20; n++) await bed.publish('totp.requested');
  await run.until(() => run.count('succeeded') === 39);
  expect(run.events.filter(({ type }) => type === 'refused')).toMatchObject([
    {
      what: 'write the journal',
      consumer,
      stream: 'events',
      seq: 1,
      error: expect.stringContaining('max_msg_size'),
      suggestions: [expect.stringContaining('max_msg_size')],
    },
  ]);
  expect(run.count('holding')).toBe(0);
  await bed.link.jsm.streams.update('events-advisories', { max_msg_size: -1 });
  await run.until(() => run.count('dead-letter') === 1);
  // Once without a record, and once with one.
  expect(runs).toBe(2);
  expect(run.count('refused')).toBe(1);
});

test('a permission that is taken away stops what needs it, and nothing else; given back, all goes on', async ({
  skip,
}) => {
  const users = (deny: string) =>
    `accounts { A { jetstream: enabled, users: [{ user: run, password: run, permissions: { publish: { deny: ["nothing"${deny}] } } }] } }\nno_auth_user: run`;
  const bed = await testBed(
    {
      consumers: [
        { name: consumer, attempts: 1, retry: noRetry },
        { name: other, attempts: 1, retry: noRetry },
      ],
    },
    { config: users('') },
  );
  const canReload = versionAtLeast(bed.link.serverVersion, '2.11.0');
  skip(
    !canReload,
    'nats-server 2.10 ends a JetStream that only its command line names, when it reads its config again',
  );
  const run = await bed.run({ [consumer]: throwsLong, [other]: throwsLong });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 2);
  await reload(bed, users(`, "events-advisories.business.*.${consumer}.>"`));
  await eventually('the permission is gone', async () => {
    const subject = `events-advisories.business.DISCARDED.${consumer}.9.dlq.0`;
    return bed.link.publish(subject, '{}').then(
      () => false,
      ({ code }) => code === 'NOT_ALLOWED',
    );
  });
  for (let n = 0; n < 5; n++) await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 7);
  expect(run.events.filter(({ type }) => type === 'refused')).toMatchObject([
    {
      consumer,
      error: expect.stringContaining('lacks the permission to publish to'),
      suggestions: [containing('permissions --role runner')],
    },
  ]);
  expect(run.count('holding')).toBe(0);
  await reload(bed, users(''));
  await run.until(() => run.count('dead-letter') === 12);
});

test.each(['events-advisories', 'events-dlq'])(
  '%s, deleted while it runs, ends it at once and by name',
  async (stream) => {
    const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry: noRetry }] });
    let release = (): void => {};
    const gone = new Promise<void>((resolve) => {
      release = resolve;
    });
    const run = await bed.run({
      [consumer]: async () => {
        await gone;
        throw longError();
      },
    });
    await bed.publish('totp.requested');
    await deleteStream(bed.link, stream);
    release();
    await expect(run.pipeline.ended).rejects.toMatchObject({
      code: 'CONSUMER_GONE',
      message: expect.stringContaining(stream),
    });
    // Nothing waits for a stream that is not there: the drain needs none of its time.
    expect(await run.pipeline.stop(60_000)).toEqual({ unfinished: 0 });
  },
);
