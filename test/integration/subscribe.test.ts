import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { UserConfig } from '../../src/lib/config/schema/user-config.js';
import { Reject, Snooze } from '../../src/lib/domain/outcome.js';
import type { ReceivedEvent } from '../../src/lib/events/subscribe/received-event.js';
import { subscribeEvents } from '../../src/lib/events/subscribe/subscribe.js';
import type { SubscribeOptions, Subscription } from '../../src/lib/events/subscribe/options.js';
import { listConsumers } from '../../src/lib/nats/objects.js';
import { openPipeline } from '../../src/lib/open/open-pipeline.js';
import { eventually } from '../support/eventually.js';
import { latch } from '../support/latch.js';
import { pipelineOf } from '../support/pipeline-of.js';
import { connectTo, type TestBed, testBed } from '../support/pipeline.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const bed = (): Promise<TestBed> => testBed({ consumers: [{ name: 'worker', subjects: ['events.none'] }] });

/** Subscribes over a connection of its own; closed when the test ends. */
async function subscribe(
  it: TestBed,
  options: Omit<SubscribeOptions, 'handler'> & Partial<SubscribeOptions>,
) {
  const link = await connectTo(it.server.url);
  const seen: ReceivedEvent[] = [];
  const subscription = await subscribeEvents(pipelineOf(link, it.config), {
    ...options,
    handler: (event) => {
      seen.push(event);
      return options.handler?.(event);
    },
  });
  onTestFinished(() => subscription.close(0));
  return { subscription, seen, seqs: () => seen.map(({ seq }) => seq), link };
}

const publish = async (it: TestBed, count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await it.publish('user.created', { n });
};

const names = async ({ link }: TestBed): Promise<string[]> =>
  (await listConsumers(link, 'events')).map(({ name }) => name).filter((name) => name !== 'worker');

const settled = async ({ link }: TestBed, group: string): Promise<boolean> => {
  const info = await link.consumerInfo('events', group);
  return info?.num_pending === 0 && info.num_ack_pending === 0;
};

describe('subscribeEvents', () => {
  it('calls the handler with each new event, acknowledges it then, and leaves nothing behind', async () => {
    const it = await bed();
    await publish(it, 2);
    const { subscription, seen, seqs } = await subscribe(it, { subjects: ['totp.requested'] });
    await it.publish('totp.requested', { amount: 1 }, 'id-3');
    await publish(it, 1);
    await it.publish('totp.requested', { amount: 2 });
    await eventually('both are there', () => seen.length === 2);
    expect(seqs()).toEqual([3, 5]);
    expect(seen[0]).toMatchObject({ type: 'totp.requested', id: 'id-3', data: { amount: 1 }, deliveries: 1 });
    expect(subscription.group).toBeUndefined();
    const [own] = await names(it);
    await eventually('they are acknowledged', () => settled(it, own ?? ''));
    await subscription.close();
    expect([await subscription.closed, await names(it)]).toEqual([undefined, []]);
  });

  it('without a group each of two gets all; with one they share them', async () => {
    const it = await bed();
    const alone = await Promise.all([subscribe(it, {}), subscribe(it, {})]);
    const shared = await Promise.all([1, 2].map(() => subscribe(it, { group: 'g', buffer: 2 })));
    await publish(it, 50);
    const all = Array.from({ length: 50 }, (_, n) => n + 1);
    for (const { seen } of alone) await eventually('each has all', () => seen.length === 50);
    for (const { seqs } of alone) expect(seqs()).toEqual(all);
    const both = (): number[] => shared.flatMap(({ seqs }) => seqs());
    await eventually('the group has all', () => both().length >= 50);
    expect(both().toSorted((a, b) => a - b)).toEqual(all);
    for (const { seen } of shared) expect(seen.length).toBeGreaterThan(0);
    expect(shared.map(({ subscription }) => subscription.group?.name)).toEqual(['g', 'g']);
  });

  it('a group is shared by processes, and goes on where it was', async () => {
    const it = await bed();
    const folder = await temporaryFolder();
    const library = new URL('../../dist/lib/index.js', import.meta.url).href;
    const config = { name: 'test', consumers: { worker: { subjects: ['events.none'], handler: './h.mjs' } } };
    await writeFile(join(folder, 'h.mjs'), 'export default () => {};\n');
    await writeFile(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
    await writeFile(
      join(folder, 'member.mjs'),
      `import { openPipeline } from ${JSON.stringify(library)};
      const pipeline = await openPipeline();
      process.once('SIGTERM', () => pipeline.close());
      await pipeline.subscribe({ group: 'g', buffer: 4, handler: ({ seq }) => process.stdout.write(seq + '\\n') });
      process.stdout.write('ready\\n');
      `,
    );
    const member = () => {
      const child = execa(process.execPath, ['member.mjs'], {
        cwd: folder,
        env: { NATS_URL: it.server.url },
        reject: false,
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      const seqs = (): number[] =>
        text
          .split('\n')
          .filter((line) => /^\d/.test(line))
          .map(Number);
      return { child, seqs, ready: () => eventually('it subscribes', () => text.includes('ready'), 20_000) };
    };
    const members = [member(), member()];
    for (const one of members) await one.ready();
    await publish(it, 200);
    const both = (): number[] => members.flatMap(({ seqs }) => seqs());
    await eventually('they have all', () => both().length >= 200, 20_000);
    expect(both().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
    for (const { child, seqs } of members) {
      expect(seqs().length).toBeGreaterThan(0);
      child.kill('SIGTERM');
      expect((await child).exitCode).toBe(0);
    }
    await publish(it, 1);
    const later = member();
    await eventually('it goes on', () => later.seqs().length === 1, 20_000);
    expect(later.seqs()).toEqual([201]);
  }, 60_000);

  it.each([
    ['all', 'all' as const, [1, 2, 3]],
    ['new', undefined, [4]],
    ['last-per-subject', 'last-per-subject' as const, [2, 3]],
    ['a sequence', { seq: 3 }, [3]],
    ['a time', { time: '2020-01-01T00:00:00Z' }, [1, 2, 3]],
  ])('begins with %s, alone and in a new group', async (_what, start, expected) => {
    const it = await bed();
    await it.publish('user.a');
    await it.publish('user.a');
    await it.publish('user.b');
    const options = start === undefined ? {} : { start };
    const both = [await subscribe(it, options), await subscribe(it, { ...options, group: 'g' })];
    if (start === undefined) await it.publish('user.c');
    for (const { seqs } of both) {
      await eventually('they are there', () => seqs().length === expected.length);
      expect(seqs()).toEqual(expected);
    }
    // Of a group that is there a start means nothing.
    const again = await subscribe(it, { group: 'g', start: 'all' });
    expect(again.subscription.group?.isNew).toBe(false);
  });

  it('acknowledges nothing by itself with autoAck: false: ack, nak and term do', async () => {
    const it = await bed();
    const { seen } = await subscribe(it, {
      group: 'g',
      autoAck: false,
      handler: (event) => {
        if (event.seq === 1) event.ack();
        else if (event.seq === 3) event.term('no such user');
        else if (event.deliveries === 1) event.nak('20ms');
        else event.ack();
        // What is said later is not heard.
        event.nak();
      },
    });
    await publish(it, 3);
    await eventually('all is settled', async () => seen.length === 4 && (await settled(it, 'g')));
    expect(seen.map(({ seq, deliveries }) => [seq, deliveries])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [2, 2],
    ]);
  });

  it('gives again what was not acknowledged, once the ack wait is over; a handler that still runs keeps it', async () => {
    const it = await bed();
    const going = latch();
    const { seen } = await subscribe(it, {
      group: 'g',
      autoAck: false,
      ackWaitMs: 300,
      concurrency: 2,
      handler: async (event) => {
        if (event.seq === 1) await going.opened;
        if (event.seq === 1 || event.deliveries > 2) event.ack();
      },
    });
    await publish(it, 2);
    await eventually(
      'the second was given three times',
      () => seen.filter(({ seq }) => seq === 2).length === 3,
    );
    going.open();
    await eventually('all is settled', () => settled(it, 'g'));
    expect(seen.filter(({ seq }) => seq === 1)).toHaveLength(1);
  });

  it('gives back what the handler throws at, tells of it, and knows Snooze and Reject', async () => {
    const it = await bed();
    const errors: unknown[] = [];
    const { seen } = await subscribe(it, {
      group: 'g',
      onError: (error, { seq }) => errors.push([seq, (error as Error).message]),
      handler: ({ seq, deliveries }) => {
        if (seq === 1 && deliveries === 1) throw new Error('not yet');
        if (seq === 2 && deliveries === 1) throw new Snooze('20ms');
        if (seq === 3) throw new Reject('never');
      },
    });
    await publish(it, 3);
    await eventually('all is settled', async () => seen.length === 5 && (await settled(it, 'g')));
    expect(errors).toEqual([
      [1, 'not yet'],
      [2, 'snoozed for 20ms'],
      [3, 'never'],
    ]);
  });

  it('holds no more than its buffer, and runs no more than concurrency', async () => {
    const it = await bed();
    await publish(it, 40);
    const going = latch();
    let [running, most] = [0, 0];
    const { seen } = await subscribe(it, {
      group: 'g',
      start: 'all',
      concurrency: 3,
      buffer: 8,
      handler: async () => {
        most = Math.max(most, ++running);
        await going.opened;
        running--;
      },
    });
    const held = async (): Promise<number> =>
      (await it.link.consumerInfo('events', 'g'))?.num_ack_pending ?? 0;
    await eventually('the buffer is full', async () => (await held()) === 8);
    expect(seen).toHaveLength(3);
    going.open();
    await eventually('all is settled', () => settled(it, 'g'));
    expect([most, seen.length]).toEqual([3, 40]);
  });

  it('on close lets running handlers finish, and gives back what has not begun', async () => {
    const it = await bed();
    await publish(it, 5);
    const going = latch();
    const first = await subscribe(it, { group: 'g', start: 'all', handler: () => going.opened });
    await eventually('one runs', () => first.seen.length === 1);
    const closing = first.subscription.close();
    const second = await subscribe(it, { group: 'g' });
    await eventually('the other one has the rest', () => second.seen.length === 4);
    going.open();
    await closing;
    await eventually('all is settled', () => settled(it, 'g'));
    expect([first.seqs(), second.seqs().toSorted((a, b) => a - b)]).toEqual([[1], [2, 3, 4, 5]]);
    // What outlasts the drain comes again.
    await publish(it, 1);
    await eventually('it is there', () => second.seen.length === 5);
    const stuck = await subscribe(it, {
      group: 'other',
      start: { seq: 6 },
      handler: () => new Promise(() => {}),
    });
    await eventually('it runs', () => stuck.seen.length === 1);
    await stuck.subscription.close(10);
    const heir = await subscribe(it, { group: 'other' });
    await eventually('it comes again', () => heir.seen.length === 1);
    expect(heir.seen[0]?.deliveries).toBe(2);
  });

  it('on its own goes on without a gap when its consumer is deleted, or its server killed', async () => {
    const it = await bed();
    const { seqs, link } = await subscribe(it, { start: 'all', concurrency: 4 });
    await publish(it, 20);
    await eventually('they are there', () => seqs().length === 20);
    for (const name of await names(it)) await it.link.jsm.consumers.delete('events', name);
    await publish(it, 20);
    await eventually('they are there', () => seqs().length === 40, 30_000);
    await it.server.kill9();
    await it.server.restart();
    await eventually('the connections are back', () => it.link.connected && link.connected);
    await publish(it, 20);
    await eventually('they are there', () => seqs().length === 60, 30_000);
    expect(seqs()).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
  }, 60_000);

  it('ends with the reason when the durable of its group is deleted', async () => {
    const it = await bed();
    const { subscription } = await subscribe(it, { group: 'g' });
    await it.link.jsm.consumers.delete('events', 'g');
    expect(await subscription.closed).toMatchObject({ code: 'GROUP_GONE' });
  });

  it.each([
    [{ group: 'worker' }, 'RESERVED_NAME'],
    [{ group: 'worker-retry' }, 'RESERVED_NAME'],
    [{ group: 'meta-consumer' }, 'RESERVED_NAME'],
    [{ group: 'a.b' }, 'USAGE'],
    [{ subjects: ['orders.>'] }, 'UNKNOWN_SUBJECT'],
    [{ group: 'g', subjects: ['events.a.*', 'events.*.b'] }, 'OVERLAPPING_SUBJECTS'],
    [{ concurrency: 0 }, 'USAGE'],
    [{ buffer: 0.5 }, 'USAGE'],
    [{ ackWaitMs: -1 }, 'USAGE'],
    [{ start: { seq: 0 } }, 'USAGE'],
    [{ start: { time: 'soon' } }, 'USAGE'],
  ])('refuses %j', async (options, code) => {
    const it = await bed();
    await expect(subscribe(it, options)).rejects.toMatchObject({ code });
  });

  it('is closed with its pipeline', async () => {
    const it = await bed();
    const cwd = await temporaryFolder();
    const config: UserConfig = {
      name: 'test',
      consumers: { worker: { subjects: ['events.none'], external: true } },
    };
    const opened = await openPipeline({ config, cwd, server: it.server.url });
    onTestFinished(() => opened.close());
    const seqs: number[] = [];
    const subscription: Subscription = await opened.subscribe({ handler: ({ seq }) => seqs.push(seq) });
    await publish(it, 1);
    await eventually('it is there', () => seqs.length === 1);
    await opened.close();
    expect([await subscription.closed, await names(it)]).toEqual([undefined, []]);
  });
});
