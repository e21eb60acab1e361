import { overLink, pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import type { Link } from '../../src/lib/nats/link.js';
import { applyPlan, planTopology } from '../../src/lib/topology/apply.js';
import type { Consequence } from '../../src/lib/topology/impact/consequence.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { connectTo } from '../support/connect.js';
import { startCluster, startNats } from '../support/nats-server.js';
import { pullAndAck, pullMessages } from '../support/pull.js';

function reading(subjects: readonly string[], replicas = 1) {
  const streams = Object.fromEntries(
    (['events', 'retry', 'dlq', 'advisories'] as const).map((role) => [role, { replicas }]),
  );
  return makeConfig({ streams, consumers: [{ name: 'audit', subjects }] });
}

async function planned(
  link: Link,
  subjects: readonly string[],
  replicas = 1,
): Promise<readonly Consequence[]> {
  const plan = await planTopology(pipelineOf(link, reading(subjects, replicas)));
  expect(plan.needsConfirmation).toBe(true);
  return plan.changes.find(({ name }) => name === 'audit')?.consequences ?? [];
}

/** a b a b a b …, twenty of them; the consumer of `events.a` has acked four, the last of them at sequence 7. */
async function halfway(link: Link, replicas = 1): Promise<void> {
  await applyTopology(link, reading(['events.a'], replicas));
  for (let i = 0; i < 20; i++) await link.publish(i % 2 === 0 ? 'events.a' : 'events.b', `${i}`);
  await pullAndAck(link, 'events', 'audit', 4);
}

describe('a filter change', () => {
  it('counts the stored events of an added subject that lie before the position', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await halfway(link);
    expect(await planned(link, ['events.a', 'events.b'])).toEqual([
      { what: 'skipped', role: 'events', subject: 'events.b', count: 3 },
    ]);
    // The count is what happens: 20 stored, 4 delivered, 3 skipped.
    await applyTopology(link, reading(['events.a', 'events.b']));
    expect(await pullMessages(link, 'events', 'audit', 14)).toHaveLength(13);
  });

  it('counts only what is new of a wider subject', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await halfway(link);
    expect(await planned(link, ['events.>'])).toEqual([
      { what: 'skipped', role: 'events', subject: 'events.>', count: 3 },
    ]);
  });

  it('counts the undelivered events of a removed subject', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await halfway(link);
    expect(await planned(link, ['events.b'])).toEqual([
      { what: 'skipped', role: 'events', subject: 'events.b', count: 3 },
      { what: 'left-behind', role: 'events', subject: 'events.a', count: 6 },
    ]);
    await expect(applyTopology(link, reading(['events.b']))).rejects.toMatchObject({
      code: 'LOSS_REFUSED',
      message: expect.stringContaining('6 events of events.a are left behind') as string,
      suggestions: [
        { do: 'run', command: 'pipeline apply', flags: { 'allow-loss': ['audit'] } },
        expect.anything(),
      ],
    });
    await applyTopology(link, reading(['events.b']), ['audit']);
    const subjects = (await pullMessages(link, 'events', 'audit', 8)).map(({ subject }) => subject);
    expect(subjects).toEqual(Array.from({ length: 7 }, () => 'events.b'));
  });

  it('counts only what is gone of a narrower subject', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, reading(['events.>']));
    for (const subject of ['events.a', 'events.b', 'events.a']) await link.publish(subject, '');
    expect(await planned(link, ['events.a'])).toEqual([
      { what: 'left-behind', role: 'events', subject: 'events.>', count: 1 },
    ]);
  });

  it('says zero where nothing was delivered yet', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, reading(['events.a']));
    await link.publish('events.b', '');
    expect(await planned(link, ['events.a', 'events.b'])).toEqual([
      { what: 'skipped', role: 'events', subject: 'events.b', count: 0 },
    ]);
  });

  it('counts the waiting retries that a new root leaves behind', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig());
    await link.publish('events-retry.notifications-consumer.1', '{}');
    const { roots } = makeConfig();
    const moved = makeConfig({
      roots: { ...roots, retry: 'later' },
      streams: { retry: { subjects: ['later.>'] } },
    });
    const plan = await planTopology(pipelineOf(link, moved));
    expect(plan.needsConfirmation).toBe(true);
    const retry = plan.changes.find(({ name }) => name === 'notifications-consumer-retry');
    expect(retry?.consequences).toEqual([
      {
        what: 'left-behind',
        role: 'retry',
        subject: 'events-retry.notifications-consumer.>',
        count: 1,
        atMost: true,
      },
    ]);
    const [over, allowLoss] = [overLink(link), ['notifications-consumer-retry']];
    await expect(applyPlan(over, plan)).rejects.toMatchObject({ code: 'LOSS_REFUSED' });
    await applyPlan(over, plan, { allowLoss });
  });

  it('says how many it may be at most where replicas keep the position only roughly', async () => {
    await using cluster = await startCluster();
    await using link = await connectTo(cluster.url);
    await halfway(link, 3);
    expect(await planned(link, ['events.a', 'events.b'], 3)).toEqual([
      { what: 'skipped', role: 'events', subject: 'events.b', count: 4, atMost: true },
    ]);
    const plan = await planTopology(pipelineOf(link, reading(['events.a', 'events.b'], 3)));
    await applyPlan(overLink(link), plan);
    const left = await pullMessages(link, 'events', 'audit', 14);
    expect([12, 13]).toContain(left.length);
  });
});
