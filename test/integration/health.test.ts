import { describe, expect, it } from 'vitest';
import type { AlertSettings, PipelineConfig } from '../../src/lib/config/resolved.js';
import { metaConsumers } from '../../src/lib/domain/consumer-names.js';
import { deleteConsumer, deleteStream } from '../../src/lib/nats/objects.js';
import { versionAtLeast } from '../../src/lib/nats/server-version.js';
import { readHealth } from '../../src/lib/status/health/read-health.js';
import type {
  HealthCheck,
  HealthCheckName,
  PipelineHealth,
} from '../../src/lib/status/health/pipeline-health.js';
import { bury, consumer } from '../support/dead-letters.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { connectTo, natsForTest, type TestBed, testBed, untilCounted } from '../support/pipeline.js';
import { clockAt, pipelineOf } from '../support/pipeline-of.js';

const none = { newGroup: false, groupBack: false };
const dayMs = 86_400_000;

/** As by a config with these alerts, so many ms from now. */
function healthOf(
  { link, config }: Pick<TestBed, 'link' | 'config'>,
  alerts: Partial<AlertSettings> = {},
  laterMs = 0,
): Promise<PipelineHealth> {
  const changed: PipelineConfig = { ...config, alerts: { ...none, ...alerts } };
  return readHealth(pipelineOf(link, changed, { clock: clockAt(() => Date.now() + laterMs) }));
}

const checkOf = ({ checks }: PipelineHealth, name: HealthCheckName, about: string): HealthCheck | undefined =>
  checks.find((one) => one.name === name && one.about === about);

const badOf = ({ checks }: PipelineHealth): string[] =>
  checks
    .filter(({ status }) => status !== 'ok')
    .map(({ name, about, status }) => `${name} ${about} ${status}`);

async function publish(bed: TestBed, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => bed.publish('totp.requested')));
  await untilCounted(bed.link, consumer);
}

describe('lag', () => {
  it('is degraded above 100 and critical above 1,000, not at them', async () => {
    const bed = await testBed();
    const lag = async (): Promise<HealthCheck | undefined> => checkOf(await healthOf(bed), 'lag', consumer);
    await publish(bed, 100);
    expect(await lag()).toMatchObject({ status: 'ok', value: 100, warn: 100, critical: 1000 });
    await publish(bed, 1);
    expect(await lag()).toMatchObject({
      status: 'degraded',
      value: 101,
      message: '101 waiting, more than 100',
    });
    await publish(bed, 899);
    expect(await lag()).toMatchObject({ status: 'degraded', value: 1000 });
    await publish(bed, 1);
    expect(await lag()).toMatchObject({ status: 'critical', message: '1001 waiting, more than 1000' });
    expect((await healthOf(bed)).status).toBe('critical');
  });

  it('has the limits of the config', async () => {
    const bed = await testBed();
    await publish(bed, 3);
    const at = async (degraded: number, critical: number): Promise<unknown> =>
      checkOf(await healthOf(bed, { lag: { degraded, critical } }), 'lag', consumer)?.status;
    expect([await at(3, 3), await at(2, 3), await at(2, 2)]).toEqual(['ok', 'degraded', 'critical']);
  });

  it('of what a running pipeline has done there is none: ok', async () => {
    const bed = await testBed();
    await publish(bed, 101);
    expect((await healthOf(bed)).status).toBe('degraded');
    await bed.run({ [consumer]: () => {} });
    await bed.quiet();
    const health = await healthOf(bed);
    expect([badOf(health), health.status]).toEqual([[], 'ok']);
  });
});

describe('dead letters', () => {
  it('are degraded above 10 and critical above 100, not at them', async () => {
    const bed = await testBed({ consumers: [{ name: consumer, subjects: ['events.none'] }] });
    const letters = async (): Promise<HealthCheck | undefined> =>
      checkOf(await healthOf(bed), 'deadLetters', 'events-dlq');
    const more = (count: number): Promise<unknown> =>
      Promise.all(Array.from({ length: count }, () => bury(bed)));
    await more(10);
    expect(await letters()).toMatchObject({ status: 'ok', value: 10, warn: 10, critical: 100 });
    await more(1);
    expect(await letters()).toMatchObject({ status: 'degraded', message: '11 dead letters, more than 10' });
    await more(89);
    expect(await letters()).toMatchObject({ status: 'degraded', value: 100 });
    await more(1);
    expect(await letters()).toMatchObject({ status: 'critical', value: 101 });
  });

  it('have the limits of the config: ten times as many are critical, unless it is said', async () => {
    const bed = await testBed();
    await bury(bed);
    await bury(bed);
    const limits = async (alerts: Partial<AlertSettings>): Promise<unknown[]> => {
      const { status, warn, critical } =
        checkOf(await healthOf(bed, alerts), 'deadLetters', 'events-dlq') ?? {};
      return [status, warn, critical];
    };
    expect(await limits({ count: 2 })).toEqual(['ok', 2, 20]);
    expect(await limits({ count: 1 })).toEqual(['degraded', 1, 10]);
    expect(await limits({ count: 0, countCritical: 1 })).toEqual(['critical', 0, 1]);
    expect(await limits({ countCritical: 1 })).toEqual(['critical', 1, 1]);
  });
});

describe('storage', () => {
  it('is degraded above 80 % of a limit and critical above 95 %, not at them', async () => {
    const bed = await testBed({ streams: { events: { maxMsgs: 100 } } });
    const storage = async (): Promise<HealthCheck | undefined> =>
      checkOf(await healthOf(bed), 'storage', 'events');
    await publish(bed, 80);
    expect(await storage()).toMatchObject({ status: 'ok', value: 80, warn: 80, critical: 95 });
    await publish(bed, 1);
    expect(await storage()).toMatchObject({
      status: 'degraded',
      message: '81 % of its limit is used, more than 80 %',
    });
    await publish(bed, 14);
    expect(await storage()).toMatchObject({ status: 'degraded', value: 95 });
    await publish(bed, 1);
    expect(await storage()).toMatchObject({ status: 'critical', value: 96 });
    const own = await healthOf(bed, { storage: { degraded: 96, critical: 99 } });
    expect(checkOf(own, 'storage', 'events')).toMatchObject({ status: 'ok', warn: 96, critical: 99 });
  });

  it('of the account is looked at too: when it is full, nothing is stored, whatever the streams allow', async () => {
    const account = 'jetstream: { max_file: 40000 }, users: [ { user: ada, password: ada } ]';
    const server = await natsForTest({ config: `accounts { A { ${account} } }\nno_auth_user: ada` });
    const link = await connectTo(server.url);
    const config = makeConfig();
    await applyTopology(link, config);
    const storage = async (): Promise<HealthCheck | undefined> =>
      checkOf(await healthOf({ link, config }), 'storage', 'account file');
    expect(await storage()).toMatchObject({ status: 'ok', warn: 80, critical: 95 });
    await link.publish('events.totp.requested', new Uint8Array(38_500));
    expect(await storage()).toMatchObject({
      status: 'critical',
      message: expect.stringContaining('of file storage are used, more than 95 %'),
    });
  });

  it('counts bytes too, and says nothing of a stream without limits', async () => {
    const bed = await testBed({ streams: { events: { maxBytes: 10_000 } } });
    await bed.publish('totp.requested', { filler: 'x'.repeat(8500) });
    const health = await healthOf(bed);
    expect(checkOf(health, 'storage', 'events')).toMatchObject({ status: 'degraded' });
    expect(checkOf(health, 'storage', 'events-dlq')).toBeUndefined();
  });
});

describe('nobody runs', () => {
  it('a consumer with work: degraded; one without: ok', async () => {
    const bed = await testBed();
    expect((await healthOf(bed)).status).toBe('ok');
    await publish(bed, 1);
    const health = await healthOf(bed);
    expect(badOf(health)).toEqual([`nobodyRuns ${consumer} degraded`]);
    expect(checkOf(health, 'nobodyRuns', consumer)).toMatchObject({
      value: 1,
      warn: 0,
      message: 'nobody takes its 1 message',
    });
  });

  it('who has its work in hand runs it, and need not ask; after its ack wait and timeout it has died', async () => {
    const bed = await testBed();
    await publish(bed, 2);
    // Its hands are full, and it is still at it.
    const { nc } = bed.link;
    const sub = nc.subscribe('_INBOX.hands', { max: 1 });
    nc.publish(`$JS.API.CONSUMER.MSG.NEXT.events.${consumer}`, '1', { reply: '_INBOX.hands' });
    for await (const message of sub) expect(message.data.length).toBeGreaterThan(0);
    expect(badOf(await healthOf(bed))).toEqual([]);
    const [{ ackWaitMs, timeoutMs } = { ackWaitMs: 0, timeoutMs: 0 }] = bed.config.consumers;
    expect(badOf(await healthOf(bed, {}, ackWaitMs + timeoutMs + 1000))).toEqual([
      `nobodyRuns ${consumer} degraded`,
    ]);
  });
});

describe('unprocessed', () => {
  it('is degraded when it is older than half of maxAge, and critical after nine tenths', async () => {
    const bed = await testBed({ streams: { events: { maxAgeMs: 10 * dayMs } } });
    await publish(bed, 1);
    const after = async (days: number): Promise<HealthCheck | undefined> =>
      checkOf(await healthOf(bed, {}, days * dayMs), 'unprocessed', consumer);
    expect(await after(4.99)).toMatchObject({ status: 'ok', warn: 5 * 86_400, critical: 9 * 86_400 });
    expect(await after(5.01)).toMatchObject({
      status: 'degraded',
      message: expect.stringMatching(/^the oldest unprocessed is 5d.* old: it is removed in 4d23h/) as string,
    });
    expect(await after(8.99)).toMatchObject({ status: 'degraded' });
    expect(await after(9.01)).toMatchObject({ status: 'critical' });
    await bed.run({ [consumer]: () => {} });
    await bed.quiet();
    expect(await after(9.5)).toMatchObject({ status: 'ok', value: 0, message: 'all is processed' });
  });
});

describe('what is not there', () => {
  it('a consumer or a stream of the waterfall is critical, one of the workbench degraded', async () => {
    const bed = await testBed();
    await deleteStream(bed.link, 'events-kept');
    expect(badOf(await healthOf(bed))).toEqual(['stream events-kept degraded']);
    await deleteConsumer(bed.link, 'events-advisories', metaConsumers.main);
    const health = await healthOf(bed);
    expect(badOf(health)).toContain(`consumer ${metaConsumers.main} critical`);
    expect(health.status).toBe('critical');
    await deleteStream(bed.link, 'events-retry');
    expect(badOf(await healthOf(bed))).toContain('stream events-retry critical');
  });

  it('a paused consumer is degraded while it has work', async ({ skip }) => {
    const bed = await testBed();
    skip(!versionAtLeast(bed.link.serverVersion, '2.11.0'), 'this server can not pause');
    await bed.link.jsm.consumers.pause('events', consumer, new Date('2036-01-01T00:00:00Z'));
    expect(badOf(await healthOf(bed))).toEqual([]);
    await publish(bed, 1);
    expect(badOf(await healthOf(bed))).toContain(`consumer ${consumer} degraded`);
  });
});
