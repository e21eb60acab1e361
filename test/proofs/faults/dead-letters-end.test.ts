import { describe, expect, it } from 'vitest';
import { explainEvent } from '../../../src/lib/events/explain/explain.js';
import { readStatus } from '../../../src/lib/status/read-status.js';
import type { Verification } from '../../../src/lib/verify/verification.js';
import { verifyPipeline } from '../../../src/lib/verify/verify.js';
import { keepOriginals } from '../../../src/lib/waterfall/rescue/keep-originals.js';
import { sweepKept } from '../../../src/lib/waterfall/rescue/sweep-kept.js';
import { archive } from '../../support/archive.js';
import { consumer } from '../../support/dead-letters.js';
import { eventually } from '../../support/eventually.js';
import { type TestBed, testBed } from '../../support/pipeline.js';
import { pipelineOf } from '../../support/pipeline-of.js';

const pipelineAt = (bed: TestBed) => pipelineOf(bed.link, bed.config);

async function verified(bed: TestBed): Promise<Verification> {
  return (await verifyPipeline(pipelineAt(bed))).report;
}

function endsIn({ warnings }: Verification): string | undefined {
  return warnings.find(({ kind }) => kind === 'dead-letters-end')?.detail;
}

/** Events that have died for good, each after one attempt. */
async function die(bed: TestBed, count: number): Promise<void> {
  const run = await bed.run({
    [consumer]: () => {
      throw new Error('no');
    },
  });
  for (let i = 0; i < count; i++) await bed.publish('totp.requested');
  await eventually('they are dead', async () => {
    const letters = await Promise.all(Array.from({ length: count }, (_, i) => bed.dead(consumer, i + 1)));
    return letters.every((letter) => letter !== undefined);
  });
  await bed.quiet();
  await run.stop();
}

const failsOnce = { consumers: [{ name: consumer, attempts: 1, backoffMs: [] }] };

describe('dead letters that end at an age', () => {
  it('are no losses when they have gone; what was kept of them goes too, and what was archived stays', async () => {
    const bed = await testBed({
      ...failsOnce,
      streams: { dlq: { maxAgeMs: 8000, duplicateWindowMs: 1000 } },
    });
    await die(bed, 3);
    const first = await bed.dead(consumer, 1);
    expect(first && (await keepOriginals(pipelineAt(bed), [first.pointer]))).toMatchObject({ kept: 1 });
    await archive(bed, { ids: [`${consumer}/3`] });
    await eventually('they have aged out', async () => (await bed.dead(consumer, 2)) === undefined, 20_000);
    const report = await verified(bed);
    expect(report.problems).toEqual([]);
    expect(endsIn(report)).toBe(
      'dead letters older than 8s are removed (streams.dlq.maxAge): 2 of those in the journal were, and nobody had replayed or discarded them',
    );
    const { consumers } = await explainEvent(pipelineAt(bed), '1');
    expect(consumers.map(({ state }) => state)).toEqual(['aged-out']);
    expect(await sweepKept(pipelineAt(bed), new AbortController().signal)).toBe(1);
    expect(report.checked).toMatchObject({ deadLetters: 0, archived: 1 });
  }, 60_000);

  it('are no losses either where they are about routing that failed', async () => {
    const bed = await testBed({
      meta: { attempts: 1, backoffMs: [] },
      streams: { dlq: { maxAgeMs: 2000, duplicateWindowMs: 1000 } },
    });
    await bed.link.publish(`events-advisories.business.MAX_DELIVERIES.${consumer}.1.main.0`, 'not a record');
    const run = await bed.run({ [consumer]: () => {} });
    await run.until((events) => events.some(({ type }) => type === 'dead-letter'));
    await bed.quiet();
    await run.stop();
    const isEmpty = async () => (await bed.link.streamInfo('events-dlq'))?.state.messages === 0;
    await eventually('it has aged out', isEmpty, 20_000);
    const report = await verified(bed);
    expect(report.problems).toEqual([]);
    expect(endsIn(report)).toContain(': 1 of those in the journal was');
  }, 60_000);

  it('are missing when they have gone before, and expiring when they are about to', async () => {
    const bed = await testBed({ ...failsOnce, streams: { dlq: { maxAgeMs: 3_600_000 } } });
    await die(bed, 2);
    const { dlq } = await readStatus(pipelineAt(bed));
    expect(dlq).toMatchObject({ dead: 2, expiring: 2 });
    const within = { ...bed.config, alerts: { ...bed.config.alerts, expiringMs: 60_000 } };
    expect((await readStatus(pipelineOf(bed.link, within))).dlq.expiring).toBe(0);
    expect(endsIn(await verified(bed))).toBe(
      'dead letters older than 1h are removed (streams.dlq.maxAge), whether anybody has looked at them or not',
    );
    await bed.link.deleteMessage('events-dlq', 1);
    expect((await verified(bed)).problems).toMatchObject([
      { kind: 'dead-letter-missing', id: `${consumer}/1`, repairable: true },
    ]);
  });
});
