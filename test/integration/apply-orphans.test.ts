import { overLink, pipelineOf } from '../support/pipeline-of.js';
import { expect, it } from 'vitest';
import type { Link } from '../../src/lib/nats/link.js';
import { applyPlan, isUndecided, planTopology } from '../../src/lib/topology/apply.js';
import { isRisky } from '../../src/lib/topology/impact/consequence.js';
import { explainEvent } from '../../src/lib/events/explain/explain.js';
import { ensureTopology } from '../../src/lib/topology/ensure.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { applyTopology, makeConfig } from '../support/config.js';
import { connectTo } from '../support/connect.js';
import { startNats } from '../support/nats-server.js';
import { pullAndAck, pullMessages } from '../support/pull.js';
import { worded } from '../support/suggestions.js';

const before = makeConfig({ consumers: [{ name: 'billing' }, { name: 'audit' }] });
const removed = makeConfig({ consumers: [{ name: 'audit' }] });
const renamed = makeConfig({ consumers: [{ name: 'invoices' }, { name: 'audit' }] });

/** Ten events, of which `billing` has acked four and holds two; two of its dead letters and a waiting retry. */
async function somethingLeft(link: Link): Promise<void> {
  await applyTopology(link, before);
  for (let i = 0; i < 10; i++) await link.publish('events.totp.requested', `${i}`);
  await pullAndAck(link, 'events', 'billing', 4);
  await pullMessages(link, 'events', 'billing', 2);
  await link.publish('events-dlq.billing.1', '{}');
  await link.publish('events-dlq.billing.2', '{}');
  await link.publish('events-retry.billing.3', '{}');
}

it.each([
  ['removed', removed],
  ['renamed', renamed],
])('a consumer that was %s: what it strands is counted, and needs its name', async (_, config) => {
  await using nats = await startNats();
  await using link = await connectTo(nats.url);
  await somethingLeft(link);
  const plan = await planTopology(pipelineOf(link, config));
  expect(plan.needsConfirmation).toBe(true);
  expect(
    plan.changes
      .filter(({ action }) => action === 'orphan')
      .map(({ name, consequences }) => [name, consequences] as const)
      .toSorted(([a], [b]) => a.localeCompare(b)),
  ).toEqual([
    [
      'billing',
      [
        { what: 'in-flight', role: 'events', count: 2 },
        { what: 'undelivered', role: 'events', count: 4 },
      ],
    ],
    ['billing-dlq', [{ what: 'abandoned', role: 'dlq', count: 2 }]],
    ['billing-retry', [{ what: 'abandoned', role: 'retry', count: 1 }]],
  ]);
  const refused = await applyPlan(overLink(link), plan).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: 'LOSS_REFUSED',
    message: expect.stringContaining('events-retry/billing-retry: it is no longer in the config'),
    suggestions: expect.arrayContaining([
      worded('to do it: plutomi-events pipeline apply --allow-loss billing'),
      'or put back into the config what is missing there',
    ]),
  });
  expect(await link.consumerInfo('events', 'invoices')).toBeUndefined();

  await applyPlan(overLink(link), plan, { allowLoss: ['billing'] });
  // What it misses from now on is nobody's loss: the next apply does not ask again.
  await link.publish('events.totp.requested', 'later');
  const next = await planTopology(pipelineOf(link, config));
  expect(next.changes.filter(isUndecided)).toEqual([]);
  expect(next.changes.filter(isRisky)).toEqual([]);
  expect(next.changes.find(({ name }) => name === 'billing')?.consequences).toContainEqual({
    what: 'undelivered',
    role: 'events',
    count: 5,
  });
});

it('a consumer that leaves nothing is decided by the apply that sees it first', async () => {
  await using nats = await startNats();
  await using link = await connectTo(nats.url);
  await applyTopology(link, before);
  await applyTopology(link, removed);
  await link.publish('events.totp.requested', 'later');
  expect((await planTopology(pipelineOf(link, removed))).needsConfirmation).toBe(false);
});

it('a stream that was renamed strands all that is in it', async () => {
  await using nats = await startNats();
  await using link = await connectTo(nats.url);
  await somethingLeft(link);
  const elsewhere = makeConfig({
    consumers: [{ name: 'billing' }, { name: 'audit' }],
    streams: {
      dlq: { name: 'letters', subjects: ['letters.>'] },
      retry: { name: 'later', subjects: ['later.>'] },
    },
    roots: { ...makeConfig().roots, retry: 'later', dlq: 'letters' },
  });
  const plan = await planTopology(pipelineOf(link, elsewhere));
  const of = (name: string) => plan.changes.find((change) => change.name === name)?.consequences;
  expect(of('events-dlq')).toEqual([{ what: 'abandoned', role: 'dlq', count: 2 }]);
  expect(of('events-retry')).toEqual([{ what: 'abandoned', role: 'retry', count: 1 }]);
  await expect(applyPlan(overLink(link), plan, { allowLoss: ['billing'] })).rejects.toMatchObject({
    code: 'LOSS_REFUSED',
    message: expect.stringContaining('stream events-dlq: it is no longer in the config'),
  });
  await applyPlan(overLink(link), plan, { allowLoss: ['billing', 'events-dlq', 'events-retry'] });
  expect((await planTopology(pipelineOf(link, elsewhere))).needsConfirmation).toBe(false);
});

it('run --apply does not rename a consumer that leaves something', async () => {
  await using nats = await startNats();
  await using link = await connectTo(nats.url);
  await somethingLeft(link);
  await expect(ensureTopology(pipelineOf(link, renamed), { apply: true })).rejects.toMatchObject({
    code: 'NOT_APPLIED',
    message: expect.stringContaining('2 dead letters are stranded'),
    suggestions: expect.arrayContaining([
      worded('to do it: plutomi-events pipeline apply --allow-loss billing'),
    ]),
  });
});

it('verify and explain name what is stranded, until somebody has decided', async () => {
  await using nats = await startNats();
  await using link = await connectTo(nats.url);
  await applyTopology(link, before);
  await link.publish('events.totp.requested', '{}');
  const { report } = await verifyPipeline(pipelineOf(link, removed));
  expect(report.problems).toMatchObject([
    {
      kind: 'stranded',
      consumer: 'billing',
      stream: 'events',
      detail: expect.stringContaining('1 not delivered, 0 in flight'),
    },
  ]);
  const { consumers, next } = await explainEvent(pipelineOf(link, removed), '1');
  expect(consumers).toContainEqual(expect.objectContaining({ consumer: 'billing', state: 'waiting' }));
  expect(next).toContainEqual(
    expect.objectContaining({
      consumer: 'billing',
      text: 'stranded: the config has no consumer billing, so nothing runs it',
    }),
  );

  await applyPlan(overLink(link), await planTopology(pipelineOf(link, removed)), { allowLoss: ['billing'] });
  const after = (await verifyPipeline(pipelineOf(link, removed))).report;
  expect(after.problems).toEqual([]);
  expect(after.warnings).toContainEqual({
    kind: 'stranded',
    detail: expect.stringContaining('was left behind'),
    suggestions: [worded('to delete it: nats consumer rm events billing')],
  });
});
