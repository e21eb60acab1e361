import { expect, test } from 'vitest';
import { configFrom } from '../../src/lib/config/load.js';
import type { PipelineConfig } from '../../src/lib/config/resolved.js';
import { connect } from '../../src/lib/nats/connect/connect.js';
import type { Link } from '../../src/lib/nats/link.js';
import { compareApplied, storeApplied } from '../../src/lib/operations/applied.js';
import { findApplied } from '../../src/lib/operations/find-applied.js';
import { permissionsOf } from '../../src/lib/permissions/permissions.js';
import type { Role } from '../../src/lib/permissions/role.js';
import { applyPlan, planTopology } from '../../src/lib/topology/apply.js';
import { ensureTopology } from '../../src/lib/topology/ensure.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { startNats } from '../support/nats-server.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';

const named = (name: string) => ({ name, from: '--pipeline' });

function configOf(name: string, changes: object = {}): Promise<PipelineConfig> {
  const stream = (role: string) => ({ name: `${name}-${role}` });
  const streams = {
    events: { name },
    retry: stream('retry'),
    dlq: stream('dlq'),
    advisories: stream('advisories'),
  };
  const events = { paid: {} };
  const consumers = { [`${name}-mailer`]: { events: ['paid'], handler: './h.mjs' } };
  return configFrom({ name, streams, events, consumers, ...changes }, { folder: '/nowhere' });
}

async function apply(link: Link, config: PipelineConfig): Promise<void> {
  const pipeline = pipelineOf(link, config);
  await applyPlan(pipeline, await planTopology(pipeline));
  await storeApplied(pipeline);
}

test('the only pipeline is found; of two, the one that is named; others are refused by name', async () => {
  const { url } = await natsForTest();
  const link = await connectTo(url);
  expect(await findApplied(link, undefined)).toBeUndefined();
  await expect(findApplied(link, named('billing'))).rejects.toMatchObject({
    code: 'UNKNOWN_PIPELINE',
    message: expect.stringContaining('is named billing, found none'),
  });
  const billing = await configOf('billing');
  await apply(link, billing);
  expect(await findApplied(link, undefined)).toMatchObject({ name: 'billing', streams: billing.streams });
  // Its operations stream has another name than by default, and another root.
  const orders = await configOf('orders', {
    streams: {
      events: { name: 'orders' },
      retry: { name: 'orders-r' },
      dlq: { name: 'orders-d' },
      advisories: { name: 'orders-a' },
      operations: { name: 'desk', subjects: ['desk.of.orders.>'] },
    },
  });
  await apply(link, orders);
  expect(await findApplied(link, named('orders'))).toMatchObject({ name: 'orders', roots: orders.roots });
  await expect(findApplied(link, undefined)).rejects.toMatchObject({
    code: 'SEVERAL_PIPELINES',
    exitCode: 2,
    message: expect.stringContaining('billing, orders'),
    suggestions: [
      { do: 'give', flag: 'pipeline', value: 'billing', why: 'choose one' },
      { do: 'give', flag: 'pipeline', value: 'orders', why: 'choose one' },
    ],
  });
  await expect(findApplied(link, named('order'))).rejects.toMatchObject({
    code: 'UNKNOWN_PIPELINE',
    suggestions: [{ do: 'give', flag: 'pipeline', value: 'orders', why: 'did you mean' }],
  });
});

test('what is stored is compared, stored once, and stored again when it means something else', async () => {
  const { url } = await natsForTest();
  const link = await connectTo(url);
  const config = await configOf('billing');
  const pipeline = pipelineOf(link, config, { identity: { operator: 'ada@desk' } });
  expect(await compareApplied(pipeline)).toMatchObject({ action: 'create' });
  await applyPlan(pipeline, await planTopology(pipeline));
  await expect(findApplied(link, undefined)).rejects.toMatchObject({ code: 'NOT_APPLIED', exitCode: 2 });
  expect(await storeApplied(pipeline)).toBe(true);
  expect(await storeApplied(pipeline)).toBe(false);
  expect(await compareApplied(pipeline)).toMatchObject({ action: 'none', applied: { by: 'ada@desk' } });
  const bob = pipelineOf(link, config, { identity: { operator: 'bob@desk' } });
  expect(await storeApplied(bob, { again: true })).toBe(true);
  expect(await compareApplied(pipeline)).toMatchObject({ action: 'none', applied: { by: 'bob@desk' } });
  await storeApplied(pipeline, { again: true });
  const warnings = async (of: PipelineConfig) =>
    (await verifyPipeline(pipelineOf(link, of))).report.warnings.filter(
      ({ kind }) => kind === 'applied-config',
    );
  expect(await warnings(config)).toEqual([]);

  const other = await configOf('billing', { protected: true, numbers: 'text' });
  expect(await warnings(other)).toEqual([
    expect.objectContaining({
      detail: expect.stringMatching(/differs from .*ada@desk\): protected, .*numbers/),
    }),
  ]);
  expect(await warnings((await findApplied(link, undefined)) as PipelineConfig)).toEqual([]);
  const changed = pipelineOf(link, other);
  // A run with --apply stores it too, where nothing else is to be done.
  await ensureTopology(changed, { apply: true });
  expect(await compareApplied(changed)).toMatchObject({ action: 'none', protected: true });
  expect(await findApplied(link, undefined)).toMatchObject({ protected: true, numbers: 'text' });
});

test('what a newer version has stored is refused, and never replaced; garbage is', async () => {
  const { url } = await natsForTest();
  const link = await connectTo(url);
  const config = await configOf('billing');
  await apply(link, config);
  const pipeline = pipelineOf(link, config);
  const put = (value: object) => link.publish('billing-operations.config', JSON.stringify(value));
  await put({ version: 2, plenty: true });
  const newer = { code: 'UNREADABLE', message: expect.stringContaining('has version 2') };
  await expect(findApplied(link, undefined)).rejects.toMatchObject(newer);
  await expect(compareApplied(pipeline)).rejects.toMatchObject(newer);
  await expect(storeApplied(pipeline)).rejects.toMatchObject(newer);
  const told: string[] = [];
  await ensureTopology(pipeline, { apply: true, onNotStored: ({ message }) => told.push(message) });
  expect(told).toEqual([expect.stringContaining('has version 2')]);
  expect((await verifyPipeline(pipeline)).report).toMatchObject({ ok: true });

  for (const garbage of [
    { version: 1 },
    { config: {} },
    { version: 1, at: 'a', by: 'b', file: 'c', hash: 'd', config: {} },
  ]) {
    await put(garbage);
    // Nothing in it says that it is about this pipeline.
    await expect(findApplied(link, undefined)).rejects.toMatchObject({ code: 'NOT_APPLIED' });
    expect(await compareApplied(pipeline)).toMatchObject({ action: 'update' });
    expect(await storeApplied(pipeline)).toBe(true);
    expect(await findApplied(link, undefined)).toMatchObject({ name: 'billing' });
  }
});

function userOf(config: PipelineConfig, role: Role, user: string): string {
  const { publish, subscribe } = permissionsOf(config, role, { user });
  const permissions = { publish, subscribe };
  return `{ user: ${user}, password: secret, permissions: ${JSON.stringify(permissions)} }`;
}

async function linkAs(url: string, user: string): Promise<Link & AsyncDisposable> {
  const auth = { user, password: 'secret' };
  const target = { servers: [url], source: 'the test', name: user, timeoutMs: 2000, auth };
  const link = await connect({ ...target, inboxPrefix: `_INBOX_${user}` });
  return Object.assign(link, { [Symbol.asyncDispose]: () => link.close() });
}

test('each role finds its pipeline; who may read nothing is told what is missing', async () => {
  const billing = await configOf('billing');
  const orders = await configOf('orders');
  const users = [
    '{ user: admin, password: secret }',
    ...(['viewer', 'operator', 'runner', 'ci', 'publisher'] as const).map((role) =>
      userOf(billing, role, role),
    ),
  ];
  await using nats = await startNats({ config: `authorization { users: [${users.join('\n')}] }` });
  await using admin = await linkAs(nats.url, 'admin');
  await apply(admin, billing);
  for (const role of ['viewer', 'operator', 'runner', 'ci']) {
    await using link = await linkAs(nats.url, role);
    expect(await findApplied(link, undefined), role).toMatchObject({ name: 'billing' });
  }
  await using publisher = await linkAs(nats.url, 'publisher');
  await expect(findApplied(publisher, undefined)).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
    exitCode: 4,
    message: expect.stringContaining('may not list the streams'),
  });
  await apply(admin, orders);
  await using viewer = await linkAs(nats.url, 'viewer');
  await expect(findApplied(viewer, undefined)).rejects.toMatchObject({ code: 'SEVERAL_PIPELINES' });
  expect(await findApplied(viewer, named('billing'))).toMatchObject({ name: 'billing' });
  await expect(findApplied(viewer, named('orders'))).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  // The other one is out of sight.
  await using operator = await linkAs(nats.url, 'operator');
  expect(await findApplied(operator, undefined)).toMatchObject({ name: 'billing' });
  // A worker's user may not store a config, and works all the same.
  await using runner = await linkAs(nats.url, 'runner');
  const told: string[] = [];
  const changed = pipelineOf(runner, await configOf('billing', { numbers: 'text' }));
  await ensureTopology(changed, { apply: true, onNotStored: ({ code }) => told.push(code) });
  expect(told).toEqual(['NOT_ALLOWED']);
});
