import { overLink, pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import { createConsumer, createStream, updateStream } from '../../src/lib/nats/objects.js';
import { applyPlan, checkTopology, planTopology } from '../../src/lib/topology/apply.js';
import { ensureTopology } from '../../src/lib/topology/ensure.js';
import { isPending } from '../../src/lib/topology/diff/diff.js';
import type { Plan } from '../../src/lib/topology/plan.js';
import { applyTopology, type ConfigOverrides, makeConfig } from '../support/config.js';
import { connectTo } from '../support/connect.js';
import { startNats } from '../support/nats-server.js';
import { containing } from '../support/suggestions.js';

const pendingOf = (plan: Plan) => plan.changes.filter(isPending);

/** A second pipeline with stream names, subjects and roots of its own. */
function second(overrides: ConfigOverrides = {}) {
  return makeConfig({
    name: 'second',
    roots: {
      retry: 'second-retry',
      dlq: 'second-dlq',
      advisories: 'second-advisories',
      operations: 'second-operations',
      kept: 'second-kept',
    },
    eventsRoot: 'second',
    consumers: [{ name: 'notifications-consumer', subjects: ['second.>'] }],
    streams: {
      events: { name: 'second', subjects: ['second.>'] },
      retry: { name: 'second-retry', subjects: ['second-retry.>'] },
      dlq: { name: 'second-dlq', subjects: ['second-dlq.>'] },
      advisories: { name: 'second-advisories', subjects: ['second-advisories.>'] },
      operations: { name: 'second-operations', subjects: ['second-operations.>'] },
      kept: { name: 'second-kept', subjects: ['second-kept.>'] },
    },
    ...overrides,
  });
}

describe('what a pipeline does not own', () => {
  it('is a conflict, and is not touched', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await createStream(link, { name: 'events', subjects: ['events.>'], description: 'theirs' });
    const plan = await planTopology(pipelineOf(link, makeConfig()));
    expect(plan.conflicts).toEqual([
      {
        why: 'not-owned',
        kind: 'stream',
        name: 'events',
        message: 'stream events exists and belongs to no pipeline',
      },
    ]);
    await expect(applyPlan(overLink(link), plan)).rejects.toMatchObject({
      code: 'NOT_OWNED',
      exitCode: 1,
      suggestions: expect.arrayContaining([containing('--adopt')]),
    });
    expect((await link.streamInfo('events'))?.config.metadata ?? {}).not.toHaveProperty(
      'plutomi-events.pipeline',
    );
    expect(await link.streamInfo('events-advisories')).toBeUndefined();
    expect((await checkTopology(pipelineOf(link, makeConfig()))).conflicts).toHaveLength(1);
  });

  it('is taken over with --adopt, with what it holds', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await createStream(link, {
      name: 'events',
      subjects: ['events.>'],
      description: 'theirs',
      max_msgs: 1000,
    });
    await createConsumer(link, 'events', {
      durable_name: 'notifications-consumer',
      ack_policy: 'explicit',
      filter_subject: 'events.>',
      max_deliver: 5,
    });
    await link.publish('events.a', '1');
    const plan = await planTopology(pipelineOf(link, makeConfig()), { adopt: true });
    expect(plan.conflicts).toEqual([]);
    const fields = (name: string) =>
      plan.changes.find((one) => one.name === name)?.fields.map(({ path }) => path);
    expect(fields('events')).toEqual(
      expect.arrayContaining(['metadata.plutomi-events.pipeline', 'max_msgs', 'max_age', 'allow_direct']),
    );
    expect(fields('notifications-consumer')).toEqual([
      'max_deliver',
      'max_ack_pending',
      'ack_wait',
      'metadata.plutomi-events.pipeline',
    ]);
    await applyPlan(overLink(link), plan);
    const { config, state } = (await link.streamInfo('events')) ?? {};
    expect(config).toMatchObject({ description: 'theirs', max_msgs: -1 });
    expect(state?.messages).toBe(1);
    expect(pendingOf(await planTopology(pipelineOf(link, makeConfig())))).toEqual([]);
  });

  it('needs --replace too where it has a field that can not be changed', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await createStream(link, { name: 'events-retry', subjects: ['events-retry.>'] });
    const plan = await planTopology(pipelineOf(link, makeConfig()), { adopt: true });
    await expect(applyPlan(overLink(link), plan)).rejects.toMatchObject({ code: 'REPLACE_REFUSED' });
    await applyPlan(overLink(link), plan, { replace: ['events-retry'] });
    expect(pendingOf(await planTopology(pipelineOf(link, makeConfig())))).toEqual([]);
  });

  it('is a conflict where a consumer has a wanted name', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig());
    await createConsumer(link, 'events', { durable_name: 'audit', ack_policy: 'explicit' });
    const config = makeConfig({ consumers: [{ name: 'notifications-consumer' }, { name: 'audit' }] });
    expect((await planTopology(pipelineOf(link, config))).conflicts).toMatchObject([
      { why: 'not-owned', kind: 'consumer', name: 'audit', stream: 'events' },
    ]);
  });
});

describe('what a pipeline owns and its config no longer has', () => {
  it('is an orphan: listed, not pending, never deleted', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(
      link,
      makeConfig({ consumers: [{ name: 'notifications-consumer' }, { name: 'audit' }] }),
    );
    const plan = await planTopology(pipelineOf(link, makeConfig()));
    expect(pendingOf(plan)).toEqual([]);
    const orphans = plan.changes.filter(({ action }) => action === 'orphan').map(({ name }) => name);
    expect(orphans.toSorted((a, b) => a.localeCompare(b))).toEqual(['audit', 'audit-dlq', 'audit-retry']);
    expect(await applyPlan(overLink(link), plan)).toBe(0);
    expect(await link.consumerInfo('events', 'audit')).toBeDefined();
    expect((await checkTopology(pipelineOf(link, makeConfig()))).changes).toEqual([]);
  });

  it('says so where an orphan has the subjects of a renamed stream', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig());
    const renamed = makeConfig({ streams: { dlq: { name: 'graveyard' } } });
    const { conflicts, changes } = await planTopology(pipelineOf(link, renamed));
    expect(conflicts).toMatchObject([
      { why: 'subject-taken', name: 'graveyard', subject: 'events-dlq.>', by: 'events-dlq', byOrphan: true },
    ]);
    expect(changes.filter(({ action }) => action === 'orphan').map(({ name }) => name)).toContain(
      'events-dlq',
    );
  });
});

describe('a second pipeline in the account', () => {
  it('needs other names: those of the first are a conflict', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig({ name: 'first' }));
    const plan = await planTopology(pipelineOf(link, makeConfig({ name: 'second' })));
    expect(plan.conflicts.slice(0, 2)).toMatchObject([
      { name: 'events-advisories', owner: 'first' },
      { name: 'events', message: 'stream events exists and belongs to the pipeline "first"' },
    ]);
    expect(plan.changes.some(({ action }) => action === 'orphan')).toBe(false);
  });

  it('of a server that ends with the process is taken over once that is started again', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig({ name: 'first' }));
    const ensured = ensureTopology(pipelineOf(link, makeConfig({ name: 'second' })), {
      apply: true,
      embedded: true,
    });
    await expect(ensured).rejects.toMatchObject({
      code: 'NOT_OWNED',
      suggestions: [containing('plutomi-events server start'), expect.anything(), containing('--adopt')],
    });
  });

  it('lives beside the first with other names, and neither sees the other', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig({ name: 'first' }));
    await applyTopology(link, second());
    for (const config of [makeConfig({ name: 'first' }), second()]) {
      const plan = await planTopology(pipelineOf(link, config));
      expect(plan.changes.every(({ action }) => action === 'none')).toBe(true);
    }
  });

  it('is told which stream has the subject that it wants', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig({ name: 'first' }));
    const overlapping = second({
      streams: { ...second().streams, events: { name: 'second', subjects: ['second.>', 'events.orders.>'] } },
    });
    const plan = await planTopology(pipelineOf(link, overlapping));
    expect(plan.conflicts).toMatchObject([
      { why: 'subject-taken', name: 'second', subject: 'events.orders.>', by: 'events', byOrphan: false },
    ]);
    await expect(applyPlan(overLink(link), plan)).rejects.toMatchObject({
      code: 'SUBJECT_TAKEN',
      message: 'stream second: the subject events.orders.> overlaps stream events',
    });
  });

  it('is told which stream captures its advisories', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await createStream(link, { name: 'all-advisories', subjects: ['$JS.EVENT.ADVISORY.CONSUMER.>'] });
    const plan = await planTopology(pipelineOf(link, makeConfig()));
    expect(plan.conflicts).toHaveLength(6);
    expect(plan.conflicts[0]).toMatchObject({ name: 'events-advisories', by: 'all-advisories' });
  });

  it('is told so when the subject is wanted by a stream that exists', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig());
    await createStream(link, { name: 'orders', subjects: ['orders.>'] });
    const wider = makeConfig({ streams: { events: { subjects: ['events.>', 'orders.a'] } } });
    expect((await planTopology(pipelineOf(link, wider))).conflicts).toMatchObject([
      { name: 'events', by: 'orders' },
    ]);
  });
});

describe('replicas on a server without a cluster', () => {
  const three = makeConfig({ streams: { events: { replicas: 3 } } });

  it('are a conflict for a new stream and for an old one: 2.10 would take the update without effect', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    expect((await planTopology(pipelineOf(link, three))).conflicts).toMatchObject([
      { why: 'no-cluster', name: 'events', replicas: 3 },
    ]);
    await applyTopology(link, makeConfig());
    const plan = await planTopology(pipelineOf(link, three));
    await expect(applyPlan(overLink(link), plan)).rejects.toMatchObject({ code: 'NO_CLUSTER', exitCode: 1 });
  });

  it('do not matter to a check of what is there', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig());
    await updateStream(link, 'events', { description: 'theirs' });
    expect((await checkTopology(pipelineOf(link, makeConfig()))).conflicts).toEqual([]);
  });
});

describe('a mirror', () => {
  it('is a conflict that nothing is created for, whether adopted or not: nothing can be published to it', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await createStream(link, { name: 'upstream', subjects: ['upstream.>'] });
    await createStream(link, { name: 'events', mirror: { name: 'upstream' } });
    for (const adopt of [false, true]) {
      const plan = await planTopology(pipelineOf(link, makeConfig()), { adopt });
      expect(plan.conflicts).toEqual([
        {
          why: 'is-mirror',
          name: 'events',
          of: 'upstream',
          message: 'stream events is a mirror of upstream: it takes no message itself',
        },
      ]);
      await expect(applyPlan(overLink(link), plan)).rejects.toMatchObject({ code: 'IS_MIRROR' });
    }
    expect(await link.streamInfo('events-advisories')).toBeUndefined();
  });
});
