import { systemClock } from '../../../src/lib/flow/clock.js';
import type { Pipeline } from '../../../src/lib/pipeline/pipeline.js';
import { pipelineOf } from '../../support/pipeline-of.js';
import { describe, expect, test } from 'vitest';
import { makeFailure } from '../../../src/lib/domain/failure.js';
import type { Exhaustion } from '../../../src/lib/domain/record.js';
import { makeExhaustion } from '../../../src/lib/domain/record-exhaustion.js';
import { nothingKnown } from '../../../src/lib/domain/standing-records.js';
import { routeExhaustion } from '../../../src/lib/routing/route.js';
import { consumer, Killed, killedAfter, originAt } from '../../support/dead-letters.js';
import { type TestBed, testBed } from '../../support/pipeline.js';

/** Pointer, ROUTED: it can be killed before the first and between the two. */
const killPoints = [0, 1];

function toolsOf(bed: TestBed, link = bed.link): Pipeline {
  return pipelineOf(link, bed.config, { clock: { ...systemClock, random: () => 0.5 } });
}

/** An event whose main stage is exhausted; nobody has routed that yet. */
async function exhausted(bed: TestBed): Promise<Exhaustion> {
  const origin = await originAt(bed, await bed.publish('totp.requested'));
  const at = new Date().toISOString();
  return makeExhaustion({
    key: { tier: 'business', consumer, origin, stage: 'main', cycle: 0 },
    kind: 'MAX_DELIVERIES',
    at,
    failure: makeFailure('error', 'Error', 'SES is down'),
    attempts: { main: 3, retry: 0 },
    firstFailedAt: at,
    worker: 'test',
    delivered: { stream: origin.stream, seq: origin.seq, deliveries: 3 },
  });
}

async function kill(bed: TestBed, x: Exhaustion, writes: number): Promise<void> {
  const tools = toolsOf(bed, killedAfter(bed.link, writes));
  await expect(routeExhaustion(tools, x, { firstTime: true, firstTelling: true })).rejects.toThrow(Killed);
}

const again = (bed: TestBed, x: Exhaustion) => routeExhaustion(toolsOf(bed), x, nothingKnown);

describe.each(killPoints)('routing killed after %i writes', (writes) => {
  test('leaves one pointer, when it is run again', async () => {
    const bed = await testBed();
    const x = await exhausted(bed);
    await kill(bed, x, writes);
    expect(await again(bed, x)).toMatchObject({ to: 'retry' });
    expect(await again(bed, x)).toEqual({ to: 'nowhere', because: 'ROUTED' });
    expect((await bed.link.streamInfo('events-retry'))?.state).toMatchObject({ messages: 1, last_seq: 1 });
    expect(await bed.journal('ROUTED')).toHaveLength(1);
  });

  test('runs no handler twice, when the pointer was processed in between', async () => {
    const bed = await testBed();
    const x = await exhausted(bed);
    await kill(bed, x, writes);
    const stages: string[] = [];
    const run = await bed.run({ [consumer]: (_event, { stage }) => void stages.push(stage) });
    await run.until(() => run.count('succeeded') === 1 + writes);
    await bed.quiet();
    await again(bed, x);
    await run.until(() => run.count('succeeded') === 2);
    await bed.quiet();
    expect(stages.toSorted((a, b) => a.localeCompare(b))).toEqual(['main', 'retry']);
    expect((await bed.link.streamInfo('events-retry'))?.state.messages).toBe(0);
  });

  test('leaves one dead letter, when the event died in between', async () => {
    const bed = await testBed();
    const x = await exhausted(bed);
    await kill(bed, x, writes);
    const run = await bed.run({
      [consumer]: (_event, { stage }) => {
        if (stage === 'retry') throw new Error('SES is still down');
      },
    });
    await run.until(() => run.count('succeeded') === 1 && run.count('dead-letter') === writes);
    await bed.quiet();
    await again(bed, x);
    await run.until(() => run.count('dead-letter') === 1);
    await bed.quiet();
    expect((await bed.link.streamInfo('events-dlq'))?.state).toMatchObject({ messages: 1, last_seq: 1 });
    expect((await bed.link.streamInfo('events-retry'))?.state.messages).toBe(0);
    expect(run.events.filter(({ type }) => type === 'attempt-failed')).toHaveLength(3);
  });
});
