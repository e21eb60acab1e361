import { journalAt, pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import type { Handler } from '../../src/lib/handlers/contract.js';
import { recordAbout } from '../../src/lib/journal/record-about.js';
import { writeRecord } from '../../src/lib/journal/write-record.js';
import { Delivery } from '../../src/lib/nats/consume/delivery.js';
import { createConsumer, createStream, deleteConsumer } from '../../src/lib/nats/objects.js';
import { explainEvent } from '../../src/lib/events/explain/explain.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { FirstDeliveries } from '../../src/lib/waterfall/worker/first-deliveries.js';
import { applyTopology } from '../support/config.js';
import { consumer } from '../support/dead-letters.js';
import { connectTo, failedAttempts, natsForTest, type TestBed, testBed } from '../support/pipeline.js';
import { pullMessages } from '../support/pull.js';

const fine: Handler = async () => {};
const failing: Handler = async () => {
  throw new Error('connection refused');
};
const patient = [{ name: consumer, backoffMs: [20, 600_000] }];

async function recreate(bed: TestBed, stream: string, name: string): Promise<void> {
  await deleteConsumer(bed.link, stream, name);
  await applyTopology(bed.link, bed.config);
}

/** The event has failed twice of three times, and waits. */
async function failedTwice(): Promise<TestBed> {
  const bed = await testBed({ consumers: patient });
  await bed.publish('totp.requested');
  const run = await bed.run({ [consumer]: failing });
  await run.until((events) => events.filter(({ type }) => type === 'attempt-failed').length === 2);
  await run.stop();
  return bed;
}

describe('a consumer that is made anew', () => {
  it('records the success of an event that had failed, at its first delivery: verify and explain know', async () => {
    const bed = await failedTwice();
    await recreate(bed, 'events', consumer);
    const attempts: number[] = [];
    const run = await bed.run({ [consumer]: async (_event, { attempt }) => void attempts.push(attempt) });
    await run.until((events) => events.some(({ type }) => type === 'succeeded'));
    await bed.quiet();
    await run.stop();
    expect(attempts).toEqual([1]);
    expect((await bed.journal('RESOLVED')).map(({ record }) => record)).toMatchObject([
      { stage: 'main', attempt: 1 },
    ]);
    expect((await verifyPipeline(pipelineOf(bed.link, bed.config))).report.problems).toEqual([]);
    const { consumers } = await explainEvent(pipelineOf(bed.link, bed.config), '1');
    expect(consumers).toMatchObject([{ consumer, state: 'resolved' }]);
  });

  it('counts from 1 again: what was tried before it was made is not its own', async () => {
    const bed = await failedTwice();
    await recreate(bed, 'events', consumer);
    const run = await bed.run({ [consumer]: failing });
    await run.until((events) => events.filter(({ type }) => type === 'attempt-failed').length === 2);
    expect(failedAttempts(await bed.journal())).toEqual([1, 2, 1, 2].map((n) => `${consumer}/1 main ${n}`));
  });

  it('runs nothing that has ended: it is resolved, or a dead letter is left of it', async () => {
    const bed = await testBed({
      consumers: [
        {
          name: consumer,
          attempts: 2,
          backoffMs: [10],
          retry: { enabled: false, delayMs: 0, attempts: 2, backoffMs: [10] },
        },
      ],
    });
    await bed.publish('totp.requested');
    await bed.publish('totp.requested');
    const handler: Handler = async ({ seq }, { attempt }) => {
      if (seq === 1 || attempt === 1) throw new Error('connection refused');
    };
    const run = await bed.run({ [consumer]: handler });
    await run.until((events) => events.some(({ type }) => type === 'dead-letter'));
    await run.until((events) => events.some(({ type }) => type === 'succeeded'));
    await bed.quiet();
    await run.stop();
    await recreate(bed, 'events', consumer);
    const again = await bed.run({ [consumer]: fine });
    await again.until((events) => events.filter(({ type }) => type === 'done-already').length === 2);
    expect(again.count('succeeded')).toBe(0);
    expect((await verifyPipeline(pipelineOf(bed.link, bed.config))).report.problems).toEqual([]);
  });

  it('that routes brings nothing back that has moved on', async () => {
    const bed = await testBed({ consumers: [{ name: consumer, attempts: 1 }] });
    await bed.publish('totp.requested');
    const run = await bed.run({
      [consumer]: async (_event, { stage }) => {
        if (stage === 'main') throw new Error('connection refused');
      },
    });
    await run.until((events) => events.some(({ type }) => type === 'succeeded'));
    await bed.quiet();
    await run.stop();
    await recreate(bed, 'events-advisories', 'meta-consumer');
    const again = await bed.run({ [consumer]: fine });
    await bed.quiet();
    await again.stop();
    expect(again.count('routed')).toBe(0);
    expect(await bed.journal('ROUTED')).toHaveLength(1);
  });
});

describe('FirstDeliveries', () => {
  it('trusts no first delivery that a killed server may have made before, where the journal knows of any', async () => {
    const server = await natsForTest();
    const link = await connectTo(server.url);
    const journal = { stream: 'journal', root: 'journal' };
    await createStream(link, { name: 'events', subjects: ['events.>'] });
    await createStream(link, { name: 'journal', subjects: ['journal.>'] });
    await createConsumer(link, 'events', { durable_name: consumer, ack_policy: 'explicit' });
    await link.publish('events.a', '1');
    const deliverer = { settings: { stream: 'events', consumer }, epoch: 0 };
    const firsts = new FirstDeliveries(journalAt(link, journal), `journal.business.*.${consumer}.*.main.*`);
    const [first] = await pullMessages(link, 'events', consumer, 1);
    const delivery = Delivery.from(first as never) as Delivery;
    expect(firsts.isFirst(delivery, deliverer)).toBe(false);
    await firsts.lookUp(deliverer);
    expect(firsts.isFirst(delivery, deliverer)).toBe(true);
    expect(firsts.isFirst(delivery, { ...deliverer, epoch: 1 })).toBe(false);

    const origin = { stream: 'events', seq: 1, subject: 'events.a', time: delivery.time };
    const key = { tier: 'business', consumer, origin, stage: 'main', cycle: 0 } as const;
    const at = new Date().toISOString();
    await writeRecord(
      journalAt(link, journal),
      recordAbout(key, { kind: 'ATTEMPT_STARTED', at, attempt: 1 }),
    );
    await firsts.lookUp({ ...deliverer, epoch: 1 });
    expect(firsts.isFirst(delivery, { ...deliverer, epoch: 1 })).toBe(false);
    await link.publish('events.a', '2');
    const [second] = await pullMessages(link, 'events', consumer, 1);
    expect(firsts.isFirst(Delivery.from(second as never) as Delivery, { ...deliverer, epoch: 1 })).toBe(true);
  });
});

describe('a consumer that somebody makes anew without acknowledgements', () => {
  it('ends the run: what fails would be lost', async () => {
    const bed = await testBed({ consumers: [{ name: consumer }] });
    const run = await bed.run({ [consumer]: fine });
    await bed.publish('totp.requested');
    await run.until((events) => events.some(({ type }) => type === 'succeeded'));
    await deleteConsumer(bed.link, 'events', consumer);
    await createConsumer(bed.link, 'events', { durable_name: consumer, ack_policy: 'none' });
    await expect(run.pipeline.ended).rejects.toMatchObject({
      code: 'CONSUMER_GONE',
      message: expect.stringContaining('ack_policy none'),
    });
  });
});
