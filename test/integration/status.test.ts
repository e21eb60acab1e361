import { describe, expect, it } from 'vitest';
import { connect } from '../../src/lib/nats/connect/connect.js';
import { deleteConsumer } from '../../src/lib/nats/objects.js';
import { versionAtLeast } from '../../src/lib/nats/server-version.js';
import type { ConsumerStatus, PipelineStatus } from '../../src/lib/status/pipeline-status.js';
import { readStatus, StatusReader } from '../../src/lib/status/read-status.js';
import { stageConsumersOf } from '../../src/lib/status/stage-consumers.js';
import { desiredTopology } from '../../src/lib/topology/desired.js';
import { carryOutVerb, planOf } from '../support/archive.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { connectTo as openLink } from '../support/connect.js';
import { bury, consumer } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { startNats } from '../support/nats-server.js';
import { type TestBed, testBed, untilCounted } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';

const statusOf = ({ link, config }: Pick<TestBed, 'link' | 'config'>): Promise<PipelineStatus> =>
  readStatus(pipelineOf(link, config));

function stageOf({ consumers }: PipelineStatus, name: string, stage = 'main'): ConsumerStatus | undefined {
  return consumers.find((one) => one.name === name && one.stage === stage);
}

describe('what is looked at', () => {
  it('is every consumer that apply makes', () => {
    const config = makeConfig({ consumers: [{ name: 'a' }, { name: 'b' }], external: [{ name: 'c' }] });
    const names = stageConsumersOf(config).map((one) => `${one.stream} ${one.consumer} ${one.role}`);
    const wanted = desiredTopology(config).consumers.map(
      ({ stream, name, role }) => `${stream} ${name} ${role}`,
    );
    expect(names.toSorted()).toEqual(wanted.toSorted());
  });
});

describe('the status of a pipeline', () => {
  it('says what waits, what is in hand, and since when, before and after the work', async () => {
    const bed = await testBed();
    for (let i = 0; i < 3; i++) await bed.publish('totp.requested');
    await untilCounted(bed.link, consumer);
    const first = await bed.link.readFromLeader('events', 1);
    const idle = await statusOf(bed);
    expect(stageOf(idle, consumer)).toMatchObject({
      pending: 3,
      ackPending: 0,
      redelivered: 0,
      waiting: 0,
      perSecond: 0,
      paused: false,
      problem: null,
    });
    expect(Date.parse(stageOf(idle, consumer)?.oldestAt ?? '')).toBe(
      Math.floor(Number(BigInt(first?.time ?? '0') / 1_000_000n)),
    );
    expect(idle.streams.find(({ name }) => name === 'events')).toMatchObject({
      messages: 3,
      limit: null,
      used: null,
      growthPerHour: null,
      oldestAt: stageOf(idle, consumer)?.oldestAt,
    });
    const run = await bed.run({ [consumer]: () => {} });
    await run.until((events) => events.filter(({ type }) => type === 'succeeded').length === 3);
    await bed.quiet();
    const done = stageOf(await statusOf(bed), consumer);
    expect(done).toMatchObject({ pending: 0, ackPending: 0, oldestAt: null });
    expect(done?.waiting).toBeGreaterThan(0);
    expect(done?.perSecond).toBeTypeOf('number');
  });

  it('measures deliveries from one reading to the next', async () => {
    const bed = await testBed();
    const reader = new StatusReader(pipelineOf(bed.link, bed.config));
    expect(stageOf(await reader.read(), consumer)?.perSecond).toBe(0);
    for (let i = 0; i < 5; i++) await bed.publish('totp.requested');
    await bed.run({ [consumer]: () => {} });
    await bed.quiet();
    expect(stageOf(await reader.read(), consumer)?.perSecond).toBeGreaterThan(0);
    expect(stageOf(await reader.read(), consumer)?.perSecond).toBe(0);
  });

  it('says how full a stream is, by bytes or messages', async () => {
    const bed = await testBed({ streams: { events: { maxMsgs: 10, maxBytes: 1_000_000 } } });
    for (let i = 0; i < 5; i++) await bed.publish('totp.requested');
    expect((await statusOf(bed)).streams.find(({ name }) => name === 'events')).toMatchObject({
      limit: 1_000_000,
      used: 0.5,
    });
  });

  it('says when the first retry is due', async () => {
    const retry = { enabled: true, delayMs: 3_600_000, attempts: 1, backoffMs: [] };
    const bed = await testBed({ consumers: [{ name: consumer, attempts: 1, retry }] });
    expect((await statusOf(bed)).retry).toEqual({ waiting: 0, nextDueAt: null });
    await bed.publish('totp.requested');
    await bed.run({
      [consumer]: () => {
        throw new Error('no');
      },
    });
    await eventually('it waits', async () => (await bed.parked(consumer, 1)) !== undefined);
    const { waiting, nextDueAt } = (await statusOf(bed)).retry;
    expect(waiting).toBe(1);
    expect(nextDueAt).toBe(new Date((await bed.parked(consumer, 1))?.notBeforeMs ?? 0).toISOString());
  });

  it('counts dead letters, archived ones, groups, and events that are about to be lost', async () => {
    const bed = await testBed({ alerts: { newGroup: false, groupBack: false, expiringMs: 8 * 86_400_000 } });
    expect((await statusOf(bed)).dlq).toEqual({
      dead: 0,
      archived: 0,
      groups: 0,
      oldestAt: null,
      expiring: 0,
    });
    for (let i = 0; i < 3; i++) await bury(bed);
    await carryOutVerb(bed, 'archive', await planOf(bed, 'archive', { filters: {}, ids: [`${consumer}/1`] }));
    const { dlq } = await statusOf(bed);
    expect(dlq).toMatchObject({ dead: 2, archived: 1, groups: 1, expiring: 2 });
    expect(Date.parse(dlq.oldestAt ?? '')).toBeLessThanOrEqual(Date.now());
    const later = { ...bed.config, alerts: { ...bed.config.alerts, expiringMs: 1000 } };
    expect((await statusOf({ ...bed, config: later })).dlq.expiring).toBe(0);
  });

  it('10,000 subjects are one look', async () => {
    const bed = await testBed();
    await Promise.all(
      Array.from({ length: 10_000 }, (_, at) => bed.link.publish(`events.sensor.${at}.measured`, '{}')),
    );
    await untilCounted(bed.link, consumer);
    const status = await statusOf(bed);
    expect(stageOf(status, consumer)).toMatchObject({ pending: 10_000 });
    expect(status.streams.find(({ name }) => name === 'events')).toMatchObject({ messages: 10_000 });
  });

  it('a consumer that was deleted is said to be; the others are as they are', async () => {
    const bed = await testBed({ consumers: [{ name: 'a' }, { name: 'c' }] });
    await bed.publish('totp.requested');
    await deleteConsumer(bed.link, 'events', 'a');
    await untilCounted(bed.link, 'c');
    const status = await statusOf(bed);
    expect(stageOf(status, 'a')).toMatchObject({
      pending: null,
      ackPending: null,
      waiting: null,
      problem: 'the server has no such consumer on events',
    });
    expect(stageOf(status, 'c')).toMatchObject({ paused: false, pending: 1, problem: null });
  });

  it('a consumer that is paused is said to be, and until when', async ({ skip }) => {
    const bed = await testBed();
    skip(!versionAtLeast(bed.link.serverVersion, '2.11.0'), 'this server can not pause');
    await bed.publish('totp.requested');
    await bed.link.jsm.consumers.pause('events', consumer, new Date('2036-01-01T00:00:00Z'));
    await untilCounted(bed.link, consumer);
    expect(stageOf(await statusOf(bed), consumer)).toMatchObject({
      paused: true,
      pending: 1,
      problem: 'paused until 2036-01-01T00:00:00.000Z',
    });
  });

  it('where nothing was applied, every stream is said to be missing', async () => {
    await using nats = await startNats();
    await using link = await openLink(nats.url);
    const { streams, dlq } = await statusOf({ link, config: makeConfig() });
    expect(new Set(streams.map(({ problem }) => problem))).toEqual(
      new Set(['the server has no such stream']),
    );
    expect(dlq).toEqual({ dead: null, archived: null, groups: null, oldestAt: null, expiring: null });
  });
});

const users = `authorization {
  users: [
    { user: admin, password: secret }
    { user: each, password: secret, permissions: { publish: { deny: ["$JS.API.CONSUMER.LIST.>"] } } }
    { user: blind, password: secret, permissions: { publish: { deny: ["$JS.API.STREAM.INFO.events"] } } }
  ]
}`;

describe('a user who may not do everything', () => {
  async function connectAs(user: string, url: string) {
    const auth = { user, password: 'secret' };
    const link = await connect({ servers: [url], source: 'the test', name: user, timeoutMs: 2000, auth });
    return Object.assign(link, { [Symbol.asyncDispose]: () => link.close() });
  }

  it('needs no lists, and is told which permission is missing', async () => {
    await using nats = await startNats({ config: users });
    await using admin = await connectAs('admin', nats.url);
    const config = makeConfig();
    await applyTopology(admin, config);
    await admin.publish('events.totp.requested', '{}');
    await using each = await connectAs('each', nats.url);
    await untilCounted(admin, consumer);
    const [all, one] = [await statusOf({ link: admin, config }), await statusOf({ link: each, config })];
    expect({ ...one, at: '' }).toEqual({ ...all, at: '' });
    await using blind = await connectAs('blind', nats.url);
    await expect(statusOf({ link: blind, config })).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      exitCode: 4,
      message: expect.stringContaining('publish to $JS.API.STREAM.INFO.events') as string,
    });
  });
});
