import { expect, test } from 'vitest';
import { keyId } from '../../src/lib/domain/key.js';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { makeExhaustion } from '../../src/lib/domain/record-exhaustion.js';
import { Reject } from '../../src/lib/domain/outcome.js';
import { subjectOf } from '../../src/lib/journal/record-about.js';
import { writeExhaustion } from '../../src/lib/journal/write-record.js';
import { updateStream } from '../../src/lib/nats/objects.js';
import { placesOf } from '../../src/lib/pipeline/places.js';
import { cannotPause } from '../support/can-pause.js';
import { consumer, originAt } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { failedAttempts, type TestBed, testBed } from '../support/pipeline.js';

const noRetry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };
const at = '2026-01-31T12:00:00.000Z';

/** What another worker writes that runs the same last attempt, and fails with this. */
async function endedByAnother(bed: TestBed, seq: number, message: string): Promise<number> {
  const origin = await originAt(bed, seq);
  const failure = makeFailure('error', 'Error', message);
  const { seq: journalSeq } = await writeExhaustion(
    pipelineOf(bed.link, bed.config),
    makeExhaustion({
      key: { tier: 'business', consumer, origin, stage: 'main', cycle: 0 },
      kind: 'MAX_DELIVERIES',
      at,
      failure,
      attempts: { main: 1, retry: 0 },
      plan: { retry: false },
      firstFailedAt: at,
      worker: 'other:1:a',
      last: { attempt: 1, error: failure, durationMs: 3 },
      delivered: { stream: 'events', seq, deliveries: 2 },
    }),
  );
  return journalSeq;
}

test('a last failed attempt is one record: its exhaustion has attempt, error, stack and duration', async () => {
  const bed = await testBed({
    consumers: [{ name: consumer, attempts: 2, backoffMs: [20], retry: noRetry }],
  });
  const run = await bed.run({
    [consumer]: (_event, { attempt }) => {
      throw new TypeError(`no template ${attempt}`);
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  await bed.quiet();
  expect((await bed.journal()).map(({ record }) => record.kind)).toEqual([
    'ATTEMPT_FAILED',
    'ATTEMPT_STARTED',
    'MAX_DELIVERIES',
    'ROUTED',
  ]);
  const [exhaustion] = await bed.journal('MAX_DELIVERIES');
  expect(exhaustion?.record).toMatchObject({
    attempt: 2,
    durationMs: expect.any(Number),
    error: {
      kind: 'error',
      name: 'TypeError',
      message: 'no template 2',
      stack: expect.stringContaining('last-attempt.test.ts'),
    },
    failure: { kind: 'error', name: 'TypeError', message: 'no template 2' },
    attempts: { main: 2, retry: 0 },
  });
  expect(exhaustion?.record.failure).not.toHaveProperty('stack');
  // The two are told apart for who listens, as before.
  expect([run.count('attempt-failed'), run.count('exhausted')]).toEqual([2, 1]);
});

test('what fails for good at its first attempt is one record too', async () => {
  const bed = await testBed({ consumers: [{ name: consumer }] });
  const run = await bed.run({
    [consumer]: () => {
      throw new Reject('no address');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  await bed.quiet();
  const records = (await bed.journal()).map(({ record }) => record);
  expect(records.map(({ kind }) => kind)).toEqual(['MSG_TERMINATED', 'ROUTED']);
  expect(records[0]).toMatchObject({ attempt: 1, reason: 'no address', error: { kind: 'rejected' } });
});

test('two workers that fail the same last attempt: one ends the stage, and both failures are told', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry: noRetry }] });
  const run = await bed.run({
    [consumer]: async (event) => {
      await endedByAnother(bed, event.seq, 'the other');
      throw new Error('this one');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  await bed.quiet();
  const [exhaustion, ...others] = await bed.journal('MAX_DELIVERIES');
  expect(others).toEqual([]);
  expect(exhaustion?.record).toMatchObject({ error: { message: 'the other' } });
  const [failed] = await bed.journal('ATTEMPT_FAILED');
  expect(failed?.record).toMatchObject({
    attempt: 1,
    error: { message: 'this one', stack: expect.stringContaining('Error: this one') },
  });
  expect(failedAttempts(await bed.journal())).toEqual([`${consumer}/1 main 1`, `${consumer}/1 main 1`]);
});

test('a duplicate proves nothing: where the other exhaustion is gone, the failure is on record', async ({
  skip,
}) => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry: noRetry }] });
  skip(...cannotPause(bed.link));
  const { journal } = placesOf(bed.config);
  // Nobody routes it before it is gone.
  await bed.link.jsm.consumers.pause(journal.stream, 'meta-consumer', new Date(Date.now() + 60_000));
  const run = await bed.run({
    [consumer]: async (event) => {
      const seq = await endedByAnother(bed, event.seq, 'the other');
      await bed.link.deleteMessage(journal.stream, seq);
      throw new Error('this one');
    },
  });
  const seq = await bed.publish('totp.requested');
  await run.until(() => run.count('exhausted') === 1);
  const origin = await originAt(bed, seq);
  const key = { tier: 'business', consumer, origin, stage: 'main', cycle: 0 } as const;
  expect(await bed.link.readLast(journal.stream, subjectOf(journal, key, 'MAX_DELIVERIES'))).toBeUndefined();
  expect((await bed.journal('ATTEMPT_FAILED')).map(({ record }) => keyId(record))).toEqual([keyId(key)]);
});

test('a last failure that can be stored only after its lease has lapsed is told, and does not end the stage', async () => {
  const once = { name: consumer, attempts: 1, ackWaitMs: 1000, retry: noRetry };
  const bed = await testBed({ consumers: [once] });
  const { stream } = placesOf(bed.config).journal;
  let runs = 0;
  const run = await bed.run({
    [consumer]: async () => {
      if (runs++ > 0) throw new Error('again');
      await updateStream(bed.link, stream, { max_bytes: 1, discard: 'new' });
      // Blocks the event loop: no sign of life is sent meanwhile, and the lease lapses.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
      throw new Error('late');
    },
  });
  await bed.publish('totp.requested');
  await run.until(() => run.count('holding') > 0);
  await updateStream(bed.link, stream, { max_bytes: -1, discard: 'old' });
  await run.until(() => run.count('dead-letter') === 1);
  await bed.quiet();
  // The next run may be exhausted before the failure of this one is tried again.
  await eventually('the late failure is told', async () => (await bed.journal('ATTEMPT_FAILED')).length > 0);
  const failed = (await bed.journal('ATTEMPT_FAILED')).map(({ record }) => record);
  expect(failed.map(({ attempt, error }) => [attempt, error?.message])).toEqual([[1, 'late']]);
  expect(await bed.journal('MAX_DELIVERIES')).toHaveLength(1);
});
