import { describe, expect, test } from 'vitest';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { atStage, type Key } from '../../src/lib/domain/key.js';
import { makeExhaustion } from '../../src/lib/domain/record-exhaustion.js';
import { nothingKnown } from '../../src/lib/domain/standing-records.js';
import type { JournalRecord } from '../../src/lib/domain/record.js';
import { routeExhaustion } from '../../src/lib/routing/route.js';
import { consumer, journal, originAt } from '../support/dead-letters.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { type TestBed, testBed } from '../support/pipeline.js';

const at = '2026-11-29T00:00:00.000Z';
/** The first delivery of an exhaustion that was told once. */
const firstTime = { firstTime: true, firstTelling: true };

type Told = Pick<JournalRecord, 'kind'> & {
  readonly to?: 'retry' | 'dlq';
  readonly movedTo?: string;
  readonly movedFrom?: string;
  readonly attempt?: number;
  readonly late?: boolean;
  readonly stage: Key['stage'];
  readonly cycle?: number;
};

/** Routes the exhaustion of a stage after this was journaled. */
async function routed(
  bed: TestBed,
  stage: 'main' | 'retry',
  told: readonly Told[],
  known = nothingKnown,
): Promise<unknown> {
  const pipeline = pipelineOf(bed.link, bed.config);
  const origin = await originAt(bed, await bed.publish('totp.requested'));
  const key: Key = { tier: 'business', consumer, origin, stage, cycle: 0 };
  for (const { stage: of, cycle = 0, ...facts } of told) {
    await journal(bed, atStage(key, of, cycle), facts);
  }
  const x = makeExhaustion({
    key,
    kind: 'MAX_DELIVERIES',
    at,
    failure: makeFailure('error', 'Error', 'SES is down'),
    attempts: { main: 3, retry: stage === 'retry' ? 3 : 0 },
    firstFailedAt: at,
    worker: 'test',
    delivered: { stream: origin.stream, seq: origin.seq, deliveries: 3 },
  });
  return routeExhaustion(pipeline, x, known);
}

describe('an exhausted retry stage', () => {
  test.each([firstTime, nothingKnown])(
    'is not routed to the DLQ, when the main stage has succeeded late ($firstTime)',
    async (known) => {
      const bed = await testBed();
      const late: Told = { stage: 'main', kind: 'RESOLVED', attempt: 3, late: true };
      expect(await routed(bed, 'retry', [late], known)).toEqual({ to: 'nowhere', because: 'RESOLVED' });
      expect(await bed.dead(consumer, 1)).toBeUndefined();
    },
  );

  test('is routed, when its pointer came from another name', async () => {
    const bed = await testBed();
    const moved: Told = { stage: 'retry', kind: 'MOVED', movedFrom: 'its-old-name' };
    expect(await routed(bed, 'retry', [moved])).toMatchObject({ to: 'dlq' });
    expect(await bed.dead(consumer, 1)).toBeDefined();
  });
});

describe('an exhausted main stage', () => {
  test.each<Told>([
    { stage: 'retry', kind: 'MOVED', movedTo: 'its-new-name' },
    { stage: 'dlq', kind: 'MOVED', movedTo: 'its-new-name' },
    { stage: 'dlq', cycle: 1, kind: 'REPLAYED' },
    { stage: 'dlq', kind: 'DISCARDED' },
    { stage: 'retry', kind: 'RESOLVED' },
  ])('is not brought back to the retry stage by a second routing after $kind ($stage)', async (told) => {
    const bed = await testBed();
    expect(await routed(bed, 'main', [told])).toEqual({ to: 'nowhere', because: told.kind });
    expect(await bed.parked(consumer, 1)).toBeUndefined();
  });
});
