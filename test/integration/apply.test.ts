import { overLink, pipelineOf } from '../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import type { Link } from '../../src/lib/nats/link.js';
import { updateConsumer, updateStream } from '../../src/lib/nats/objects.js';
import { applyPlan, checkTopology, planTopology } from '../../src/lib/topology/apply.js';
import { isPending } from '../../src/lib/topology/diff/diff.js';
import type { Plan } from '../../src/lib/topology/plan.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { connectTo } from '../support/connect.js';
import { startNats } from '../support/nats-server.js';
import { testBed } from '../support/pipeline.js';

const dayMs = 86_400_000;
const dayNs = dayMs * 1_000_000;

const pendingOf = (plan: Plan) => plan.changes.filter(isPending);

/** A link whose server forgets a field of each stream that it is told to create, as 2.10 does with new ones. */
function forgetting(link: Link, field: string): Link {
  const streams = new Proxy(link.jsm.streams, {
    get: (target, name, receiver) =>
      name === 'add'
        ? (config: Record<string, unknown>) => target.add({ ...config, [field]: undefined } as never)
        : Reflect.get(target, name, receiver),
  });
  const jsm = new Proxy(link.jsm, {
    get: (target, name, receiver) => (name === 'streams' ? streams : Reflect.get(target, name, receiver)),
  });
  return Object.create(link, { jsm: { value: jsm } }) as Link;
}

describe('applyPlan', () => {
  it('creates six streams and all consumers, and the second time nothing', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    const config = makeConfig({
      consumers: [{ name: 'notifications-consumer' }, { name: 'analytics-consumer' }],
    });
    const plan = await planTopology(pipelineOf(link, config));
    expect(plan).toMatchObject({
      pipeline: 'test',
      server: link.server,
      conflicts: [],
      needsConfirmation: false,
    });
    expect(await applyPlan(overLink(link), plan)).toBe(6 + 3 + 2 * 3);

    const again = await planTopology(pipelineOf(link, config));
    expect(pendingOf(again)).toEqual([]);
    expect(again.changes.every(({ action }) => action === 'none')).toBe(true);
    expect(await applyPlan(overLink(link), again)).toBe(0);
    expect(await checkTopology(pipelineOf(link, config))).toEqual({ changes: [], conflicts: [] });
  });

  it('leaves objects on the server that say whose they are, and captures advisories', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig());
    const journal = await link.streamInfo('events-advisories');
    expect(journal?.config.metadata).toMatchObject({ 'plutomi-events.pipeline': 'test' });
    expect(journal?.config.subjects).toContain('$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.>');
    expect((await link.streamInfo('events-retry'))?.config).toMatchObject({
      retention: 'workqueue',
      max_msgs_per_subject: 1,
      discard: 'new',
      allow_direct: true,
    });
    expect((await link.consumerInfo('events', 'notifications-consumer'))?.config).toMatchObject({
      max_deliver: -1,
      max_ack_pending: -1,
      metadata: { 'plutomi-events.pipeline': 'test' },
    });
  });

  it('changes the one field that changed', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig());
    const shorter = makeConfig({ streams: { events: { maxAgeMs: 3 * dayMs } } });
    const plan = await planTopology(pipelineOf(link, shorter));
    expect(pendingOf(plan)).toEqual([
      {
        action: 'update',
        kind: 'stream',
        name: 'events',
        fields: [{ path: 'max_age', from: 7 * dayNs, to: 3 * dayNs }],
        consequences: [],
      },
    ]);
    expect(await checkTopology(pipelineOf(link, shorter))).toMatchObject({ changes: [{ name: 'events' }] });
    await applyPlan(overLink(link), plan);
    expect((await link.streamInfo('events'))?.config.max_age).toBe(3 * dayNs);
    expect(pendingOf(await planTopology(pipelineOf(link, shorter)))).toEqual([]);
  });

  it('takes the duplicate window along when the age goes below it, and up again', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig());
    const minute = makeConfig({ streams: { events: { maxAgeMs: 60_000 } } });
    await applyTopology(link, minute);
    expect((await link.streamInfo('events'))?.config.duplicate_window).toBe(60_000_000_000);
    const plan = await planTopology(pipelineOf(link, makeConfig()));
    expect(pendingOf(plan)[0]?.fields.map(({ path }) => path)).toEqual(['max_age']);
    await applyPlan(overLink(link), plan);
    expect((await link.streamInfo('events'))?.config.duplicate_window).toBe(120_000_000_000);
    expect(pendingOf(await planTopology(pipelineOf(link, makeConfig())))).toEqual([]);
  });

  it('shows what drifted on the server and puts it right', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    const config = makeConfig();
    await applyTopology(link, config);
    await updateConsumer(link, 'events', 'notifications-consumer', {
      filter_subjects: ['events.>'],
      max_deliver: 3,
      backoff: [1_000_000_000, 2_000_000_000],
    });
    await updateStream(link, 'events', { allow_direct: false });
    const plan = await planTopology(pipelineOf(link, config));
    expect(pendingOf(plan).map(({ name, fields }) => [name, fields.map(({ path }) => path)])).toEqual([
      ['events', ['allow_direct']],
      ['notifications-consumer', expect.arrayContaining(['max_deliver', 'backoff'])],
    ]);
    await applyPlan(overLink(link), plan);
    expect(pendingOf(await planTopology(pipelineOf(link, config)))).toEqual([]);
    const { config: repaired } = (await link.consumerInfo('events', 'notifications-consumer')) ?? {};
    expect(repaired?.backoff ?? []).toEqual([]);
  });

  it('keeps the fields and the metadata that it does not manage', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig());
    const metadata = { 'plutomi-events.pipeline': 'test', team: 'platform' };
    await updateStream(link, 'events', { description: 'theirs', max_msg_size: 1000, metadata });
    await updateConsumer(link, 'events', 'notifications-consumer', {
      filter_subjects: ['events.>'],
      description: 'theirs',
      metadata,
    });
    const changed = makeConfig({
      streams: { events: { maxAgeMs: dayMs } },
      consumers: [{ name: 'notifications-consumer', ackWaitMs: 9000 }],
    });
    await applyTopology(link, changed);
    expect((await link.streamInfo('events'))?.config).toMatchObject({
      description: 'theirs',
      max_msg_size: 1000,
      max_age: dayNs,
      metadata,
    });
    expect((await link.consumerInfo('events', 'notifications-consumer'))?.config).toMatchObject({
      description: 'theirs',
      ack_wait: 9_000_000_000,
      metadata,
    });
  });

  it('writes a filter over one that the server keeps in its other field', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    const narrow = makeConfig({ consumers: [{ name: 'audit', subjects: ['events.a'] }] });
    await applyTopology(link, narrow);
    await link.jsm.consumers.update('events', 'audit', { filter_subject: 'events.b', filter_subjects: [] });
    await applyTopology(link, narrow);
    expect((await link.consumerInfo('events', 'audit'))?.config.filter_subjects).toEqual(['events.a']);
  });

  it('names the fields that the server did not take', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    const plan = await planTopology(pipelineOf(link, makeConfig()));
    await expect(applyPlan(overLink(forgetting(link, 'allow_direct')), plan)).rejects.toMatchObject({
      code: 'NOT_TAKEN',
      exitCode: 1,
      message: expect.stringContaining('stream events: allow_direct is false, wanted true'),
    });
  });

  it('can be run by two at the same time', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await using other = await connectTo(nats.url, 'other');
    const config = makeConfig();
    const plans = await Promise.all([
      planTopology(pipelineOf(link, config)),
      planTopology(pipelineOf(other, config)),
    ]);
    await Promise.all([applyPlan(overLink(link), plans[0]), applyPlan(overLink(other), plans[1])]);
    expect(pendingOf(await planTopology(pipelineOf(link, config)))).toEqual([]);
  });

  it('leaves no counting consumer behind', async () => {
    await using nats = await startNats();
    await using link = await connectTo(nats.url);
    await applyTopology(link, makeConfig());
    await link.publish('events.a', '1');
    const more = makeConfig({ consumers: [{ name: 'notifications-consumer' }, { name: 'audit' }] });
    const plan = await planTopology(pipelineOf(link, more));
    expect(plan.changes.find(({ name }) => name === 'audit')?.consequences).toEqual([
      { what: 'delivered-after', role: 'events', count: 1 },
    ]);
    expect((await link.streamInfo('events'))?.state.consumer_count).toBe(1);
  });
});

it('what a limit of the server fills in is no difference, and the pipeline runs within it', async () => {
  const limited = { config: 'jetstream { limits { max_request_batch: 2 } }' };
  const bed = await testBed({}, limited);
  expect((await bed.link.consumerInfo('events', 'notifications-consumer'))?.config.max_batch).toBe(2);
  expect((await planTopology(pipelineOf(bed.link, bed.config))).changes.filter(isPending)).toEqual([]);
  const run = await bed.run({ 'notifications-consumer': async () => {} });
  for (let i = 0; i < 9; i++) await bed.publish('totp.requested');
  await run.until(() => run.count('succeeded') === 9);
});

it.each([
  ['jetstream { limits { duplicate_window: "1m" } }', 'streams.<stream>.duplicateWindow'],
  [
    `jetstream {}
     accounts { A { jetstream { max_bytes_required: true }, users [ { user: a, password: a } ] } }
     no_auth_user: a`,
    'streams.<stream>.maxBytes',
  ],
])('a limit that the defaults are beyond says what to set: %s', async (config, key) => {
  await using nats = await startNats({ config });
  await using link = await connectTo(nats.url);
  await expect(applyTopology(link, makeConfig())).rejects.toMatchObject({
    suggestions: [expect.stringContaining(key)],
  });
});
