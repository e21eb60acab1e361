import { expect, test } from 'vitest';
import { updateConsumer } from '../../src/lib/nats/objects.js';
import { eventually } from '../support/eventually.js';
import { forge } from '../support/external.js';
import { failedAttempts, type TestBed, testBed } from '../support/pipeline.js';

const consumer = 'notifications-consumer';
const retry = { enabled: true, delayMs: 20, attempts: 2, backoffMs: [20] };

const fails = (): never => {
  throw new Error('the handler says why');
};

/** As somebody does with the `nats` CLI. */
function setMaxDeliver({ link, config }: TestBed, stream: string, name: string): Promise<void> {
  const filter_subjects =
    stream === 'events' ? [...(config.consumers[0]?.subjects ?? [])] : [`${stream}.${consumer}.>`];
  return updateConsumer(link, stream, name, { max_deliver: 1, filter_subjects });
}

/** Takes one message of a consumer as another tool does, and terminates it. */
async function terminateOne({ link }: TestBed, stream: string, name: string): Promise<void> {
  const pull = JSON.stringify({ batch: 1, expires: 5_000_000_000 });
  const message = await link.nc.request(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, pull, {
    timeout: 5000,
    noMux: true,
  });
  link.nc.publish(message.reply ?? '', '+TERM somebody was here');
  await link.nc.flush();
}

test('what the server gives up of our own consumer is an error in the log, and goes on as exhausted', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 3, backoffMs: [20], retry }] });
  await setMaxDeliver(bed, 'events', consumer);
  const run = await bed.run({ [consumer]: fails });
  const seq = await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  expect(run.events.filter(({ type }) => type === 'server-gave-up')).toMatchObject([
    { advisory: { kind: 'MAX_DELIVERIES', stream: 'events', consumer, streamSeq: seq, deliveries: 1 } },
  ]);
  // Counted by the journal, and with the reason of its handler.
  expect((await bed.dead(consumer, seq))?.pointer).toMatchObject({
    failure: { message: 'the handler says why' },
    attempts: { main: 1, retry: 2 },
  });
  expect(failedAttempts(await bed.journal())).toEqual([
    `${consumer}/1 main 1`,
    `${consumer}/1 retry 1`,
    `${consumer}/1 retry 2`,
  ]);
});

test('an event that ended by itself is not brought back by what the server says of it', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 2, backoffMs: [20], retry }] });
  let runs = 0;
  const run = await bed.run({
    [consumer]: () => {
      if (++runs === 1) fails();
    },
  });
  const seq = await bed.publish('totp.requested');
  await run.until(() => run.count('succeeded') === 1);
  await forge(bed.link, { consumer, seq, deliveries: 2 });
  await bed.quiet();
  expect(run.count('server-gave-up')).toBe(0);
  expect((await bed.link.streamInfo('events-retry'))?.state.last_seq).toBe(0);
});

test('an event that another tool terminates is a dead letter with its reason', async () => {
  const bed = await testBed({ consumers: [{ name: consumer, retry }] });
  const seq = await bed.publish('totp.requested');
  await terminateOne(bed, 'events', consumer);
  const run = await bed.run({ [consumer]: fails });
  await run.until(() => run.count('dead-letter') === 1);
  expect(run.events.filter(({ type }) => type === 'server-gave-up')).toMatchObject([
    { advisory: { kind: 'MSG_TERMINATED', reason: 'somebody was here' } },
  ]);
  expect((await bed.dead(consumer, seq))?.pointer).toMatchObject({
    failure: { kind: 'rejected', message: 'somebody was here' },
  });
});

test('a waiting retry that the server gives up is put back, and keeps its attempts', async () => {
  const bed = await testBed({
    consumers: [{ name: consumer, attempts: 1, retry: { ...retry, attempts: 3 } }],
  });
  await setMaxDeliver(bed, 'events-retry', `${consumer}-retry`);
  const run = await bed.run({ [consumer]: fails });
  const seq = await bed.publish('totp.requested');
  await run.until(() => run.count('dead-letter') === 1);
  await bed.quiet();
  expect((await bed.dead(consumer, seq))?.pointer.attempts).toEqual({ main: 1, retry: 3 });
  expect((await bed.link.streamInfo('events-retry'))?.state.messages).toBe(0);
  expect(run.count('server-gave-up')).toBeGreaterThan(0);
});

test('a waiting retry that another tool terminates is told as gone', async () => {
  const bed = await testBed({
    consumers: [{ name: consumer, attempts: 1, retry: { ...retry, delayMs: 60_000 } }],
  });
  const run = await bed.run({ [consumer]: fails });
  const seq = await bed.publish('totp.requested');
  await run.until(() => run.count('routed') === 1);
  await run.stop();
  // Given back for a minute: forged, since only its worker has it now.
  const pointer = await bed.link.readLast('events-retry', `events-retry.${consumer}.${seq}`);
  await bed.link.deleteMessage('events-retry', pointer?.seq ?? 0);
  const stream = 'events-retry';
  await forge(bed.link, {
    kind: 'MSG_TERMINATED',
    stream,
    consumer: `${consumer}-retry`,
    seq: pointer?.seq ?? 0,
  });
  const again = await bed.run({ [consumer]: fails });
  await eventually('it is told', () => again.count('server-gave-up') === 1);
  expect(again.events.find(({ type }) => type === 'server-gave-up')).toMatchObject({ gone: true });
});
