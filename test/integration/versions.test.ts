import { expect, test } from 'vitest';
import { decodeExhaustion } from '../../src/lib/domain/record-decode.js';
import { versionAtLeast } from '../../src/lib/nats/server-version.js';
import { deleteConsumer } from '../../src/lib/nats/objects.js';
import { applyTopology, type ConfigOverrides, makeConfig } from '../support/config.js';
import { eventually } from '../support/eventually.js';
import { startExternalWorker } from '../support/external.js';
import { natsForTest, type TestBed, type TestRun, testBed } from '../support/pipeline.js';

const consumer = 'notifications-consumer';
const added = 'added-consumer';
const noRetry = { enabled: false, delayMs: 0, attempts: 1, backoffMs: [] };
const soon = { enabled: true, delayMs: 30, attempts: 2, backoffMs: [20] };

const fails = (): never => {
  throw new Error('always');
};

/** A bed whose own config only routes: what is processed was made by another version. */
async function twoVersions(
  router: ConfigOverrides,
  worker: ConfigOverrides,
): Promise<{
  readonly bed: TestBed;
  readonly route: () => Promise<TestRun>;
  readonly work: () => Promise<TestRun>;
}> {
  const bed = await testBed(worker);
  await applyTopology(bed.link, makeConfig(router));
  const handlers = { [consumer]: fails, [added]: fails };
  return {
    bed,
    // Routing alone, by the other config.
    route: () => bed.runWith(makeConfig(router), handlers, []),
    work: () => bed.run(handlers),
  };
}

/** Nobody routes until `consumers.resume`. */
async function pauseRouting({ link }: TestBed): Promise<void> {
  await link.jsm.consumers.pause('events-advisories', 'meta-consumer', new Date(Date.now() + 600_000));
}

/** Exhausts an event while nobody routes, then lets the other version route it. */
async function exhaustThenRoute(
  router: ConfigOverrides,
  worker: ConfigOverrides,
  name = consumer,
): Promise<{ readonly bed: TestBed; readonly routed: unknown; readonly seq: number }> {
  const { bed, route, work } = await twoVersions(router, worker);
  await pauseRouting(bed);
  const first = await work();
  const seq = await bed.publish('totp.requested');
  await first.until(() => first.events.some((one) => one.type === 'exhausted' && one.key.consumer === name));
  await first.stop();
  const run = await route();
  await bed.link.jsm.consumers.resume('events-advisories', 'meta-consumer');
  await run.until(() => run.count('routed') > 0);
  const routed = run.events.find((one) => one.type === 'routed' && one.key.consumer === name);
  await run.stop();
  return { bed, routed, seq };
}

/** A test of servers that can pause a consumer. */
function paused(name: string, run: () => Promise<void>): void {
  test(name, async ({ skip }) => {
    const { version } = await natsForTest();
    skip(!versionAtLeast(version, '2.11.0'), 'this server can not pause');
    await run();
  });
}

const once = { attempts: 1, backoffMs: [] };

paused('with a retry stage where it failed, and none where it is routed, an event is retried', async () => {
  const { routed, bed, seq } = await exhaustThenRoute(
    { consumers: [{ name: consumer, ...once, retry: noRetry }] },
    { consumers: [{ name: consumer, ...once, retry: { ...soon, delayMs: 3_600_000 } }] },
  );
  expect(routed).toMatchObject({ to: 'retry' });
  // The delay is that of the worker too.
  expect((await bed.parked(consumer, seq))?.notBeforeMs).toBeGreaterThan(Date.now() + 3_000_000);
});

paused('with none where it failed, and a retry stage where it is routed, it is dead', async () => {
  const { routed, bed, seq } = await exhaustThenRoute(
    { consumers: [{ name: consumer, ...once, retry: soon }] },
    { consumers: [{ name: consumer, ...once, retry: noRetry }] },
  );
  expect(routed).toMatchObject({ to: 'dlq' });
  expect(await bed.dead(consumer, seq)).toBeDefined();
});

paused('a consumer that the router does not know is routed by its record', async () => {
  const of = (retry: typeof soon) => ({
    consumers: [
      { name: consumer, subjects: ['events.other'] },
      { name: added, ...once, retry },
    ],
  });
  const router = { consumers: [{ name: consumer, subjects: ['events.other'] }] };
  expect((await exhaustThenRoute(router, of(soon), added)).routed).toMatchObject({ to: 'retry' });
  expect((await exhaustThenRoute(router, of(noRetry), added)).routed).toMatchObject({ to: 'dlq' });
});

paused('unless nobody can run its retries any more: that is a dead letter', async () => {
  const { bed, work, route } = await twoVersions(
    { consumers: [{ name: consumer, subjects: ['events.other'] }] },
    {
      consumers: [
        { name: consumer, subjects: ['events.other'] },
        { name: added, ...once, retry: soon },
      ],
    },
  );
  await pauseRouting(bed);
  const first = await work();
  const seq = await bed.publish('totp.requested');
  await first.until(() => first.count('exhausted') === 1);
  await first.stop();
  for (const [stream, name] of [
    ['events', added],
    ['events-retry', `${added}-retry`],
  ] as const) {
    await deleteConsumer(bed.link, stream, name);
  }
  const run = await route();
  await bed.link.jsm.consumers.resume('events-advisories', 'meta-consumer');
  await run.until(() => run.count('routed') === 1);
  expect(await bed.dead(added, seq)).toBeDefined();
});

test('a record of an earlier version, without a plan, goes where the config of the router says', async () => {
  const { bed, work } = await twoVersions(
    { consumers: [{ name: consumer, ...once, retry: soon }] },
    { consumers: [{ name: consumer, ...once, retry: noRetry }] },
  );
  const run = await work();
  const seq = await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  await run.stop();
  const [exhaustion] = await bed.journal('MAX_DELIVERIES');
  const { plan, ...old } = exhaustion?.record ?? ({} as never);
  expect(plan).toEqual({ retry: false });
  const other = await bed.publish('totp.requested');
  const message = await bed.link.readFromLeader('events', other);
  const body = { ...old, origin: { ...old.origin, seq: other, time: message?.time }, stream_seq: other };
  expect(decodeExhaustion(Buffer.from(JSON.stringify(body))).ok).toBe(true);
  await bed.link.publish(
    `events-advisories.business.MAX_DELIVERIES.${consumer}.${other}.main.0`,
    JSON.stringify(body),
  );
  const routing = await bed.runWith(
    makeConfig({ consumers: [{ name: consumer, ...once, retry: soon }] }),
    {},
    [],
  );
  await routing.until(() => routing.count('routed') === 1);
  expect(await bed.parked(consumer, other)).toBeDefined();
  expect(seq).toBe(1);
});

test("what the server gives up of another version's external consumer is a dead letter, whoever routes", async () => {
  const { bed, route } = await twoVersions(
    { consumers: [{ name: consumer, subjects: ['events.other'] }] },
    {
      consumers: [{ name: consumer, subjects: ['events.other'] }],
      external: [{ name: 'rust', subjects: ['events.job.>'] }],
    },
  );
  const run = await route();
  startExternalWorker(bed.server.url, 'rust');
  const seq = await bed.publish('job.a', { do: 'nak' });
  const termed = await bed.publish('job.b', { do: 'term', reason: 'no' });
  await run.until(() => run.count('routed') === 2);
  await eventually('both are dead', async () =>
    Boolean((await bed.dead('rust', seq)) && (await bed.dead('rust', termed))),
  );
});
