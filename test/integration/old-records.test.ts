import { expect, test } from 'vitest';
import { showDeadLetter } from '../../src/lib/dlq/show.js';
import { explainEvent } from '../../src/lib/events/explain/explain.js';
import { colorsFor } from '../../src/lib/render/colors.js';
import { renderDeadLetter } from '../../src/lib/render/dead-letter.js';
import { renderExplanation } from '../../src/lib/render/explanation.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { buryEvent, consumer, originAt } from '../support/dead-letters.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { eventually } from '../support/eventually.js';
import { type TestBed, testBed } from '../support/pipeline.js';

const failure = { kind: 'error', name: 'SmtpError', message: 'refused', fingerprint: '0123456789ab' };
const error = { ...failure, stack: 'SmtpError: refused\n    at send (smtp.mjs:7:9)' };
const worker = 'host:1:abc';

/** One attempt in each stage as version 0.1 journaled it: a failure and an exhaustion, and no kind in some errors. */
async function deadLetterOfOld(bed: TestBed): Promise<string> {
  const seq = await bed.publish('totp.requested');
  const origin = await originAt(bed, seq);
  const write = async (kind: string, stage: 'main' | 'retry', facts: object): Promise<void> => {
    const at = new Date().toISOString();
    const key = { tier: 'business', consumer, stage, cycle: 0, origin };
    const subject = `events-advisories.business.${kind}.${consumer}.${seq}.${stage}.0`;
    await bed.link.publish(subject, JSON.stringify({ v: 1, kind, at, ...key, ...facts, worker }));
  };
  const firstFailedAt = new Date().toISOString();
  const { kind: _none, ...kindless } = error;
  for (const stage of ['main', 'retry'] as const) {
    const attempt = { attempt: 1, durationMs: 12, firstFailedAt, deliveries: 1 };
    await write('ATTEMPT_FAILED', stage, { ...attempt, error: stage === 'main' ? kindless : error });
    await write('MAX_DELIVERIES', stage, {
      type: 'io.nats.jetstream.advisory.v1.max_deliver',
      id: `business/${consumer}/events/${seq}/${origin.time}/${stage}/0`,
      timestamp: firstFailedAt,
      stream: stage === 'main' ? 'events' : 'events-retry',
      stream_seq: 1,
      deliveries: 1,
      attempts: { main: 1, retry: stage === 'retry' ? 1 : 0 },
      failure,
      firstFailedAt,
      lastFailedAt: firstFailedAt,
    });
    await write('ROUTED', stage, { to: stage === 'main' ? 'retry' : 'dlq' });
  }
  const { id } = await buryEvent(bed, origin, { attempts: { main: 1, retry: 1 } });
  return id;
}

test('a dead letter of before, with two records for each last attempt, is shown, explained and verified', async () => {
  const once = { enabled: true, delayMs: 0, attempts: 1, backoffMs: [] };
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry: once }] });
  const id = await deadLetterOfOld(bed);
  // The meta-consumer finds both routed; the main stage finds its key ended.
  const run = await bed.run({ [consumer]: () => expect.unreachable('it has ended') });
  await eventually('all is settled', () => run.count('done-already') === 1);
  await bed.quiet();
  await run.stop();
  const view = { width: 120, colors: colorsFor({ isTty: false, off: true }), nowMs: Date.now() };

  const shown = await showDeadLetter(pipelineOf(bed.link, bed.config), id);
  expect(shown.history.map(({ stage, kind }) => `${stage} ${kind}`)).toEqual([
    'main ATTEMPT_FAILED',
    'main MAX_DELIVERIES',
    'main ROUTED',
    'retry ATTEMPT_FAILED',
    'retry MAX_DELIVERIES',
    'retry ROUTED',
  ]);
  expect(renderDeadLetter(shown, view)).toContain(
    'last error\n  SmtpError: refused\n      at send (smtp.mjs:7:9)',
  );

  const explained = await explainEvent(pipelineOf(bed.link, bed.config), '1');
  expect(explained.consumers[0]).toMatchObject({ state: 'dead' });
  expect(explained.consumers[0]?.history.map(({ text }) => text)).toEqual([
    'attempt 1 failed: SmtpError: refused',
    'attempts used up: SmtpError: refused',
    'to the retry stage',
    'attempt 1 failed: SmtpError: refused',
    'attempts used up: SmtpError: refused',
    'dead: to the DLQ',
  ]);
  expect(renderExplanation(explained, view)).toContain('attempts used up');

  const { report } = await verifyPipeline(pipelineOf(bed.link, bed.config));
  expect(report.problems).toEqual([]);
  expect(report.checked).toMatchObject({ exhaustions: 2, deadLetters: 1 });
});
