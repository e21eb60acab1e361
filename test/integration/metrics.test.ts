import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Reject } from '../../src/lib/domain/outcome.js';
import type { ConsumerMetrics, PipelineMetrics } from '../../src/lib/status/metrics/pipeline-metrics.js';
import { measure, readMetrics } from '../../src/lib/status/metrics/read-metrics.js';
import { consumer } from '../support/dead-letters.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';

const measuring = ({ link, config }: TestBed, work: () => Promise<unknown>): Promise<PipelineMetrics> =>
  // A rate over a few milliseconds has no digits to count from.
  measure(pipelineOf(link, config), () => Promise.all([work(), sleep(100)]));

const ofConsumer = ({ consumers }: PipelineMetrics, stage = 'main'): ConsumerMetrics | undefined =>
  consumers.find((one) => one.name === consumer && one.stage === stage);

/** So many in the time that was measured. */
const countOf = ({ over }: PipelineMetrics, perSecond: number | null | undefined): number =>
  Math.round(((perSecond ?? Number.NaN) * over) / 1000);

async function publish(bed: TestBed, type: string, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => bed.publish(type)));
}

describe('metrics', () => {
  it('of a pipeline that does nothing are 0, and unknown where there is nothing to divide', async () => {
    const bed = await testBed();
    const found = await readMetrics(pipelineOf(bed.link, bed.config), { overMs: 1000 });
    expect(found).toMatchObject({ pipeline: 'test', types: [{ type: 'totp.requested', perSecond: 0 }] });
    expect(ofConsumer(found)).toEqual({
      name: consumer,
      stage: 'main',
      perSecond: 0,
      ackRatio: null,
      handlerMs: null,
    });
    expect(found.over).toBeGreaterThanOrEqual(1000);
    expect(new Set(found.streams.map(({ bytesPerHour }) => bytesPerHour))).toEqual(new Set([0]));
  });

  it('count events by type, and those of no type together', async () => {
    const events = ['a', 'b'].map((type) => ({ type, subject: `events.${type}` }));
    const bed = await testBed({ events });
    await publish(bed, 'a', 5);
    const found = await measuring(bed, async () => {
      await publish(bed, 'a', 12);
      await publish(bed, 'else.1', 2);
      await publish(bed, 'else.2', 1);
    });
    expect(found.types.map(({ type, perSecond }) => [type, countOf(found, perSecond)])).toEqual([
      ['a', 12],
      ['b', 0],
      [null, 3],
    ]);
    expect(found.streams.find(({ name }) => name === 'events')?.bytesPerHour).toBeGreaterThan(0);
  });

  it('count 10,000 subjects', async () => {
    const events = [{ type: 'measured', subject: 'events.sensor.*.measured' }];
    const bed = await testBed({ events });
    const all = (): Promise<unknown> =>
      Promise.all(
        Array.from({ length: 10_000 }, (_, at) => bed.link.publish(`events.sensor.${at}.measured`, '{}')),
      );
    await all();
    const found = await measuring(bed, () =>
      Promise.all(
        Array.from({ length: 30 }, (_, at) => bed.link.publish(`events.sensor.${at}.measured`, '{}')),
      ),
    );
    expect(countOf(found, found.types[0]?.perSecond)).toBe(30);
  });

  it('count what came, also when as many left meanwhile', async () => {
    const bed = await testBed({ streams: { events: { maxMsgs: 5 } } });
    await publish(bed, 'totp.requested', 5);
    const found = await measuring(bed, () => publish(bed, 'totp.requested', 4));
    expect(found.types.map(({ perSecond }) => countOf(found, perSecond))).toEqual([4]);
  });

  it('say which part of the attempts succeeded, and how long handlers took where the journal knows', async () => {
    const retry = { enabled: true, delayMs: 10, attempts: 1, backoffMs: [] };
    const bed = await testBed({ consumers: [{ name: consumer, attempts: 2, backoffMs: [10], retry }] });
    // 6 succeed at once; 2 fail twice, and succeed in the retry stage; 1 is rejected: 6 of 6 + 4 + 1 attempts.
    await bed.run({
      [consumer]: async ({ data }, { stage }) => {
        const { n } = data as { readonly n: number };
        if (n === 8) throw new Reject('never');
        if (n < 6 || stage === 'retry') return;
        await sleep(20);
        throw new Error('not yet');
      },
    });
    const found = await measuring(bed, async () => {
      await Promise.all(Array.from({ length: 9 }, (_, n) => bed.publish('totp.requested', { n })));
      await bed.quiet();
    });
    expect(ofConsumer(found)).toMatchObject({ ackRatio: 0.545 });
    // Nine events, of which two were delivered twice.
    expect(countOf(found, ofConsumer(found)?.perSecond)).toBe(11);
    expect(ofConsumer(found)?.handlerMs).toBeGreaterThan(5);
    expect(ofConsumer(found, 'retry')).toMatchObject({ ackRatio: 1 });
  });
});
