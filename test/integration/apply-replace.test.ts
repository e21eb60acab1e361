import { overLink, pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import type { Link } from '../../src/lib/nats/link.js';
import { createConsumer, updateStream } from '../../src/lib/nats/objects.js';
import { versionAtLeast } from '../../src/lib/nats/server-version.js';
import { applyPlan, planTopology } from '../../src/lib/topology/apply.js';
import { ensureTopology } from '../../src/lib/topology/ensure.js';
import { isPending } from '../../src/lib/topology/diff/diff.js';
import type { Plan } from '../../src/lib/topology/plan.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { connectTo } from '../support/connect.js';
import { startNats } from '../support/nats-server.js';
import { pullAndAck, pullMessages } from '../support/pull.js';
import { containing, worded } from '../support/suggestions.js';

const pendingOf = (plan: Plan) => plan.changes.filter(isPending);
const changeOf = (plan: Plan, name: string) => plan.changes.find((change) => change.name === name);

/** Ten events, of which four are acked and two in flight; two dead letters and a waiting retry. */
async function somethingToLose(link: Link): Promise<void> {
  await applyTopology(link, makeConfig());
  for (let i = 0; i < 10; i++) await link.publish('events.totp.requested', `${i}`);
  await pullAndAck(link, 'events', 'notifications-consumer', 4);
  await pullMessages(link, 'events', 'notifications-consumer', 2);
  await link.publish('events-dlq.notifications-consumer.1', '{}');
  await link.publish('events-dlq.notifications-consumer.2', '{}');
  await link.publish('events-retry.notifications-consumer.3', '{}');
}

const inMemory = makeConfig({ streams: { events: { storage: 'memory' } } });
const fromNow = makeConfig({ consumers: [{ name: 'notifications-consumer', start: { at: 'new' } }] });

describe('replacing a stream', () => {
  it('is refused, with what it would cost, and changes nothing', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await somethingToLose(link);
    await createConsumer(link, 'events', { durable_name: 'theirs', ack_policy: 'explicit' });
    const plan = await planTopology(pipelineOf(link, inMemory));
    expect(plan.needsConfirmation).toBe(true);
    expect(changeOf(plan, 'events')?.consequences).toEqual([
      { what: 'lost', role: 'events', count: 10 },
      { what: 'original-lost', role: 'retry', count: 1 },
      { what: 'original-lost', role: 'dlq', count: 2 },
      { what: 'consumers-lost', names: ['theirs'] },
    ]);
    expect(changeOf(plan, 'notifications-consumer')).toMatchObject({
      action: 'replace',
      fields: [],
      consequences: [
        { what: 'position-lost', ackedTo: 4, deliveredTo: 6 },
        { what: 'in-flight', role: 'events', count: 2 },
        { what: 'undelivered', role: 'events', count: 4 },
      ],
    });
    await expect(applyPlan(overLink(link), plan)).rejects.toMatchObject({
      code: 'REPLACE_REFUSED',
      suggestions: expect.arrayContaining([containing('--replace events')]),
    });
    expect((await link.streamInfo('events'))?.state.messages).toBe(10);
  });

  it('is done when it is named, with its consumers', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await somethingToLose(link);
    await applyPlan(overLink(link), await planTopology(pipelineOf(link, inMemory)), { replace: ['events'] });
    const { config, state } = (await link.streamInfo('events')) ?? {};
    expect(config?.storage).toBe('memory');
    expect(state?.messages).toBe(0);
    expect(await link.consumerInfo('events', 'notifications-consumer')).toBeDefined();
    expect(pendingOf(await planTopology(pipelineOf(link, inMemory)))).toEqual([]);
  });

  it('does not count a name that needs no replacement', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    const plan = await planTopology(pipelineOf(link, makeConfig()));
    expect(await applyPlan(overLink(link), plan, { replace: ['events'] })).toBe(12);
  });
});

describe('replacing a consumer', () => {
  it('is refused, with what it would get, again or never', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await somethingToLose(link);
    const plan = await planTopology(pipelineOf(link, fromNow));
    const facts = [
      { what: 'position-lost', ackedTo: 4, deliveredTo: 6 },
      { what: 'in-flight', role: 'events', count: 2 },
      { what: 'undelivered', role: 'events', count: 4 },
      { what: 'delivered-after', role: 'events', count: 0 },
      { what: 'kept', role: 'retry', count: 1 },
      { what: 'kept', role: 'dlq', count: 2 },
    ];
    expect(pendingOf(plan)).toMatchObject([
      { name: 'notifications-consumer', action: 'replace', consequences: facts },
    ]);
    await expect(applyPlan(overLink(link), plan)).rejects.toMatchObject({ code: 'REPLACE_REFUSED' });
    const fromThree = makeConfig({
      consumers: [{ name: 'notifications-consumer', start: { at: 'seq', seq: 3 } }],
    });
    expect(
      changeOf(await planTopology(pipelineOf(link, fromThree)), 'notifications-consumer')?.consequences,
    ).toContainEqual({
      what: 'delivered-after',
      role: 'events',
      count: 8,
    });
  });

  it('is done when it is named', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await somethingToLose(link);
    await applyPlan(overLink(link), await planTopology(pipelineOf(link, fromNow)), {
      replace: ['notifications-consumer'],
    });
    const info = await link.consumerInfo('events', 'notifications-consumer');
    expect(info).toMatchObject({ num_pending: 0, num_ack_pending: 0, config: { deliver_policy: 'new' } });
    expect(pendingOf(await planTopology(pipelineOf(link, fromNow)))).toEqual([]);
  });
});

describe('limits that go down', () => {
  it('count what they remove at once', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await somethingToLose(link);
    const fewer = makeConfig({ streams: { events: { maxMsgs: 3 } } });
    const plan = await planTopology(pipelineOf(link, fewer));
    expect(changeOf(plan, 'events')?.consequences).toEqual([
      { what: 'expired', role: 'events', count: 7 },
      // The fifth and the sixth are in flight, the seventh is not delivered.
      { what: 'unprocessed', role: 'events', consumer: 'notifications-consumer', count: 3, atMost: true },
      { what: 'original-lost', role: 'retry', count: 1 },
      { what: 'original-lost', role: 'dlq', count: 2 },
    ]);
    expect(plan.needsConfirmation).toBe(true);
    const half = (await link.streamInfo('events'))?.state.bytes ?? 0;
    const smaller = await planTopology(
      pipelineOf(link, makeConfig({ streams: { events: { maxBytes: half / 2 } } })),
    );
    expect(changeOf(smaller, 'events')?.consequences.slice(0, 2)).toEqual([
      { what: 'expired', role: 'events', count: 5, about: true },
      { what: 'bytes-removed', bytes: half / 2 },
    ]);
    await expect(applyPlan(overLink(link), plan)).rejects.toMatchObject({ code: 'LOSS_REFUSED' });
    expect((await link.streamInfo('events'))?.state.messages).toBe(10);
    await applyPlan(overLink(link), plan, { allowLoss: ['events'] });
    expect((await link.streamInfo('events'))?.state.messages).toBe(3);
  });

  it('count by sequence where messages are missing in between', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await somethingToLose(link);
    for (const seq of [2, 3, 5, 8]) await link.deleteMessage('events', seq);
    const plan = await planTopology(pipelineOf(link, makeConfig({ streams: { events: { maxMsgs: 2 } } })));
    // Left are 1, 4, 6, 7, 9 and 10: the first four go, and with them what 1 and 2 and the retry of 3 name.
    expect(changeOf(plan, 'events')?.consequences).toEqual([
      { what: 'expired', role: 'events', count: 4 },
      { what: 'unprocessed', role: 'events', consumer: 'notifications-consumer', count: 2, atMost: true },
      { what: 'original-lost', role: 'retry', count: 1 },
      { what: 'original-lost', role: 'dlq', count: 2 },
    ]);
  });

  it('count records that the meta-consumer has not routed, and old versions of a pointer', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig());
    const subject = 'events-advisories.business.MAX_DELIVERIES.notifications-consumer.1.main.0';
    for (let i = 0; i < 4; i++) await link.publish(subject, '{}');
    const fewer = makeConfig({ streams: { advisories: { maxMsgs: 1 } } });
    expect(changeOf(await planTopology(pipelineOf(link, fewer)), 'events-advisories')?.consequences).toEqual([
      { what: 'expired', role: 'advisories', count: 3 },
      { what: 'unprocessed', role: 'advisories', consumer: 'meta-consumer', count: 3 },
    ]);
    await updateStream(link, 'events-dlq', { max_msgs_per_subject: 3 });
    for (let i = 0; i < 3; i++) await link.publish('events-dlq.notifications-consumer.1', '{}');
    const back = await planTopology(pipelineOf(link, makeConfig()));
    expect(changeOf(back, 'events-dlq')).toMatchObject({
      action: 'update',
      consequences: [{ what: 'expired', role: 'dlq', count: 2 }],
    });
    await expect(applyPlan(overLink(link), back)).rejects.toMatchObject({ code: 'LOSS_REFUSED' });
  });

  it('are never lowered by run --apply, which says what to run', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await somethingToLose(link);
    const fewer = makeConfig({ streams: { events: { maxMsgs: 3 } } });
    await expect(ensureTopology(pipelineOf(link, fewer), { apply: true })).rejects.toMatchObject({
      code: 'NOT_APPLIED',
      message: expect.stringContaining('7 events exceed the new limit'),
      suggestions: expect.arrayContaining([
        worded('to do it: plutomi-events pipeline apply --allow-loss events'),
      ]),
    });
    expect((await link.streamInfo('events'))?.state.messages).toBe(10);
  });

  it('count what is older than the new age, and nothing where all is younger', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await somethingToLose(link);
    const last = await link.readFromLeader('events', 10);
    const age = makeConfig({ streams: { events: { maxAgeMs: 200 } } });
    await expect
      .poll(() => Date.now() - Number(BigInt(last?.time ?? 0) / 1_000_000n), { interval: 20 })
      .toBeGreaterThan(250);
    await link.publish('events.totp.requested', 'young');
    expect(changeOf(await planTopology(pipelineOf(link, age)), 'events')?.consequences).toEqual([
      { what: 'expired', role: 'events', count: 10 },
      { what: 'unprocessed', role: 'events', consumer: 'notifications-consumer', count: 6, atMost: true },
      { what: 'original-lost', role: 'retry', count: 1 },
      { what: 'original-lost', role: 'dlq', count: 2 },
    ]);
    const hour = makeConfig({ streams: { events: { maxAgeMs: 3_600_000 } } });
    expect(changeOf(await planTopology(pipelineOf(link, hour)), 'events')?.consequences).toEqual([]);
  });
});

it('a new ack_wait counts the messages in backoff that it shifts', async () => {
  await using nats = await startNats();
  await using link = await connectTo(nats.url);
  await somethingToLose(link);
  const plan = await planTopology(
    pipelineOf(link, makeConfig({ consumers: [{ name: 'notifications-consumer', ackWaitMs: 60_000 }] })),
  );
  expect(changeOf(plan, 'notifications-consumer')?.consequences).toEqual([
    { what: 'shifted', role: 'events', count: 2 },
  ]);
  expect(plan.needsConfirmation).toBe(false);
});

it('tells a consumer of which the server delivers nothing, changed or not', async ({ skip }) => {
  await using nats = await startNats();
  await using link = await connectTo(nats.url);
  skip(!versionAtLeast(link.serverVersion, '2.11.0'), 'this server can not pause');
  await applyTopology(link, makeConfig());
  const until = '2036-01-01T00:00:00.000Z';
  await link.jsm.consumers.pause('events', 'notifications-consumer', new Date(until));
  const plan = await planTopology(pipelineOf(link, makeConfig()));
  const command = worded('plutomi-events pipeline resume notifications-consumer');
  expect(changeOf(plan, 'notifications-consumer')).toMatchObject({
    action: 'none',
    consequences: [{ what: 'silent', because: { kind: 'paused', until }, command }],
  });
  expect(plan.needsConfirmation).toBe(false);
  const longer = makeConfig({ consumers: [{ name: 'notifications-consumer', ackWaitMs: 9000 }] });
  await applyPlan(overLink(link), await planTopology(pipelineOf(link, longer)));
  expect((await link.consumerInfo('events', 'notifications-consumer'))?.paused).toBe(true);
});
