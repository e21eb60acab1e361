import { describe, expect, it } from 'vitest';
import type { Handler } from '../../src/lib/handlers/contract.js';
import { repairVerified, type RepairTools } from '../../src/lib/verify/repair.js';
import type { Verification, Verified } from '../../src/lib/verify/verification.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { consumer } from '../support/dead-letters.js';
import { type TestBed, testBed } from '../support/pipeline.js';

const failing: Handler = async () => {
  throw new Error('connection refused');
};

function verify(bed: TestBed, now = Date.now): Promise<Verified> {
  return verifyPipeline(bed.link, bed.config, now);
}

function tools(bed: TestBed): RepairTools {
  const { link, config } = bed;
  return { link, config, worker: 'test', operator: 'ada@test', now: Date.now, random: () => 0.5 };
}

/** Kinds and ids, in order. */
function named({ problems }: Verification): string[] {
  return problems
    .map(({ kind, id, consumer: name, stream }) => `${kind} ${id ?? name ?? stream}`)
    .toSorted((a, b) => a.localeCompare(b));
}

/** Deletes the last message of a subject of a stream. */
async function removeLast(bed: TestBed, stream: string, subject: string): Promise<void> {
  const message = await bed.link.readLast(stream, subject);
  if (!message) throw new Error(`nothing on ${subject}`);
  await bed.link.deleteMessage(stream, message.seq);
}

const parking = [
  { name: consumer, retry: { enabled: true, delayMs: 600_000, attempts: 3, backoffMs: [20] } },
];

/** Five events are exhausted in the main stage and parked; five that are rejected are dead. */
async function troubledBed(): Promise<TestBed> {
  const bed = await testBed({ consumers: parking });
  const { Reject } = await import('../../src/lib/domain/outcome.js');
  const run = await bed.run({
    [consumer]: async ({ data }) => {
      throw (data as { dead?: boolean }).dead ? new Reject('no such user') : new Error('connection refused');
    },
  });
  for (let i = 0; i < 5; i++) {
    await bed.publish('totp.requested', {}, `parked-${i}`);
    await bed.publish('totp.requested', { dead: true }, `dead-${i}`);
  }
  await run.until((events) => events.filter(({ type }) => type === 'routed').length === 10);
  await run.until((events) => events.filter(({ type }) => type === 'dead-letter').length === 5);
  await run.stop();
  return bed;
}

describe('verifyPipeline', () => {
  it('finds nothing wrong with a pipeline that works, whatever its events are up to', async () => {
    const bed = await troubledBed();
    const { report } = await verify(bed);
    expect(report).toMatchObject({
      pipeline: 'test',
      server: bed.link.server,
      ok: true,
      problems: [],
      checked: { exhaustions: 10, pointers: 5, deadLetters: 5, originals: 10, inFlight: 0 },
    });
    expect(report.warnings.map(({ kind }) => kind)).toEqual([
      'single-replica',
      'sync-interval',
      'not-running',
    ]);
  });

  it('names exactly the advisory, the pointer, the dead letter and the original that were removed', async () => {
    const bed = await troubledBed();
    await removeLast(
      bed,
      'events-advisories',
      `events-advisories.business.MAX_DELIVERIES.${consumer}.1.main.0`,
    );
    await removeLast(bed, 'events-retry', `events-retry.${consumer}.3`);
    await removeLast(bed, 'events-dlq', `events-dlq.${consumer}.4`);
    await bed.link.deleteMessage('events', 6);
    const found = await verify(bed);
    expect(found.report.ok).toBe(false);
    expect(named(found.report)).toEqual([
      `dead-letter-missing ${consumer}/4`,
      `exhaustion-missing ${consumer}/1`,
      `original-missing ${consumer}/6`,
      `pointer-missing ${consumer}/3`,
    ]);

    const repaired = await repairVerified(tools(bed), found);
    expect(repaired.repaired?.map(({ kind, id }) => `${kind} ${id}`).toSorted()).toEqual([
      `dead-letter-missing ${consumer}/4`,
      `exhaustion-missing ${consumer}/1`,
      `pointer-missing ${consumer}/3`,
    ]);
    expect(named(repaired)).toEqual([`original-missing ${consumer}/6`]);
    expect(named((await verify(bed)).report)).toEqual([`original-missing ${consumer}/6`]);
    expect(await bed.parked(consumer, 3)).toMatchObject({ stage: 'retry', cycle: 0, notBeforeMs: 0 });
    expect((await bed.dead(consumer, 4))?.pointer.failure.message).toBe('no such user');
    const before = (await bed.journal()).length;
    expect((await repairVerified(tools(bed), found)).problems).toEqual(repaired.problems);
    expect(await bed.journal()).toHaveLength(before);
  });

  it('restores an exhaustion that was removed before it was routed, and its event goes on', async () => {
    const bed = await testBed();
    const run = await bed.run({ [consumer]: failing }, [consumer]);
    await bed.publish('totp.requested');
    await run.until((events) => events.some(({ type }) => type === 'dead-letter'));
    await run.stop();
    await removeLast(
      bed,
      'events-advisories',
      `events-advisories.business.MAX_DELIVERIES.${consumer}.1.retry.0`,
    );
    await removeLast(bed, 'events-advisories', `events-advisories.business.ROUTED.${consumer}.1.retry.0`);
    await removeLast(bed, 'events-dlq', `events-dlq.${consumer}.1`);
    const found = await verify(bed);
    expect(named(found.report)).toEqual([`exhaustion-missing ${consumer}/1`]);
    expect((await repairVerified(tools(bed), found)).ok).toBe(true);
    expect((await bed.dead(consumer, 1))?.pointer).toMatchObject({
      attempts: { main: 3, retry: 3 },
      failure: { message: 'connection refused' },
    });
    expect((await verify(bed)).report.problems).toEqual([]);
  });
});
