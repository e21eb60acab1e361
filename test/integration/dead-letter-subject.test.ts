import { jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import type { DeadLetter } from '../../src/lib/domain/dead-letter.js';
import { Reject } from '../../src/lib/domain/outcome.js';
import { alertHook } from '../support/alert-hook.js';
import { eventually } from '../support/eventually.js';
import { testBed } from '../support/pipeline.js';

const rejects = (): never => {
  throw new Reject('no address');
};

test('each consumer has a subject of its own, whatever becomes of its webhook', async () => {
  const hook = await alertHook((n) => (n === 0 ? 500 : 204));
  const bed = await testBed({
    consumers: [
      { name: 'orders', onDeadLetter: { subject: 'failed.orders.events', webhook: hook.url } },
      { name: 'bills', onDeadLetter: { subject: 'failed.bills.events' } },
      { name: 'quiet' },
    ],
  });
  const jsm = await jetstreamManager(bed.link.nc);
  // Its window is over before the webhook is tried again: it is not what makes the notice one.
  await jsm.streams.add({ name: 'FAILED', subjects: ['failed.>'], duplicate_window: 100_000_000 });
  const run = await bed.run({ orders: rejects, bills: rejects, quiet: rejects });
  await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 3);
  await eventually('the webhook has taken it', () => hook.requests.at(-1)?.status === 204, 20_000);
  await eventually('nothing is left to tell', async () => {
    const all = ['orders-dlq', 'bills-dlq', 'quiet-dlq'].map((one) =>
      bed.link.consumerInfo('events-dlq', one),
    );
    return (await Promise.all(all)).every((info) => info?.num_pending === 0 && info.num_ack_pending === 0);
  });
  expect(hook.requests.map(({ status }) => status)).toEqual([500, 204]);
  const info = await jsm.streams.info('FAILED', { subjects_filter: '>' });
  expect(info.state.subjects).toEqual({ 'failed.orders.events': 1, 'failed.bills.events': 1 });
  const notice = await bed.link.readNext('FAILED', 'failed.orders.events', 1);
  expect(notice?.headers).toEqual({ 'Nats-Msg-Id': ['dead-letter/events/orders/1/0'] });
  const letter = JSON.parse(Buffer.from(notice?.data ?? '').toString()) as DeadLetter;
  expect(letter).toEqual(JSON.parse(hook.requests[0]?.body ?? ''));
  expect(letter).toMatchObject({ id: 'orders/1', consumer: 'orders', subject: 'events.totp.requested' });
});

test('a notice of another process has the same id: a stream keeps one', async () => {
  const bed = await testBed({ consumers: [{ name: 'orders', onDeadLetter: { subject: 'DLQ.orders' } }] });
  const hook = await alertHook((n) => (n === 0 ? 500 : 204));
  const config = {
    ...bed.config,
    consumers: bed.config.consumers.map((one) => ({
      ...one,
      onDeadLetter: { subject: 'DLQ.orders', webhook: hook.url },
    })),
  };
  const heard: string[] = [];
  bed.link.nc.subscribe('DLQ.>', { callback: (_error, message) => void heard.push(message.string()) });
  const jsm = await jetstreamManager(bed.link.nc);
  await jsm.streams.add({ name: 'DLQ', subjects: ['DLQ.>'] });
  const first = await bed.runWith(config, { orders: rejects });
  await bed.publish('totp.requested');
  await first.until(() => first.count('alert-failed') === 1);
  await first.stop();
  const second = await bed.runWith(config, { orders: rejects });
  await eventually('the webhook has taken it', () => hook.requests.length === 2, 20_000);
  await second.stop();
  await eventually('both are heard', () => heard.length === 2);
  expect(heard[0]).toBe(heard[1]);
  expect((await jsm.streams.info('DLQ')).state.messages).toBe(1);
});
