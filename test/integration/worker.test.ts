import { describe, expect, test } from 'vitest';
import { OperationError } from '../../src/lib/errors.js';
import { NotAllowedError, UnreachableError } from '../../src/lib/nats/errors.js';
import { deleteConsumer } from '../../src/lib/nats/objects.js';
import type { HeldMessage } from '../../src/lib/waterfall/worker/held-message.js';
import { LetGo, type Process, type Worker } from '../../src/lib/waterfall/worker/worker.js';
import { eventually } from '../support/eventually.js';
import { latch } from '../support/latch.js';
import { ackWaitMs, type Workbench, workshop } from '../support/workbench.js';

const shop = workshop();
const away = (): UnreachableError => new UnreachableError('write the journal', undefined, 'no answer');
const refused = (): NotAllowedError => new NotAllowedError('write the journal', new Error('no permission'));

/** Persists one message by an action that is refused so often, and what became of that. */
async function persisted(
  bench: Workbench,
  refusals: readonly (() => Error)[],
  { evenLate = false, atRefusal = (_n: number, _worker: Worker): void => {} } = {},
) {
  const left = [...refusals];
  let tries = 0;
  let result: unknown;
  const worker = bench.work(async (held, self) => {
    const action = async (): Promise<string> => {
      tries++;
      const next = left.shift();
      if (!next) return 'taken';
      atRefusal(tries, self);
      throw next();
    };
    try {
      result = await self.persist(held, 'write the journal', action, evenLate);
    } catch (error) {
      result = error;
      throw error;
    }
  });
  await bench.publish();
  await eventually('it is over', () => result !== undefined);
  await worker.drained();
  return { tries, result, worker };
}

describe('persist', () => {
  test.each([
    [1, []],
    [2, ['holding', 'holding-ended']],
  ])(
    'closes the gate from the second refusal on, and opens it when the server takes it (%i)',
    async (n, told) => {
      const bench = await shop.open();
      const open: boolean[] = [];
      bench.gate.watch((is) => open.push(is));
      const { result } = await persisted(
        bench,
        Array.from({ length: n }, () => away),
      );
      expect(result).toBe('taken');
      expect(bench.events.map(({ type }) => type)).toEqual(told);
      expect(open).toEqual(told.length > 0 ? [false, true] : []);
    },
  );

  test('tells whoever waits in its stead, once', async () => {
    const bench = await shop.open();
    let told = 0;
    const worker = bench.work(async (held, self) => {
      held.onWaiting = () => void told++;
      let left = 2;
      await self.persist(held, 'route', async () => {
        if (left-- > 0) throw away();
      });
      await self.settler.ack(held);
    });
    await bench.publish();
    await bench.saidAre('+ACK');
    await worker.drained();
    expect(told).toBe(1);
  });

  test('lets go when the lease has lapsed meanwhile, and leaves the gate open', async () => {
    const bench = await shop.open();
    const { result, tries } = await persisted(bench, [away, away, away], {
      atRefusal: (n) => {
        if (n === 3) bench.skip(ackWaitMs);
      },
    });
    expect(result).toBeInstanceOf(LetGo);
    expect(tries).toBe(3);
    expect(bench.gate.open).toBe(true);
    expect(bench.said).toEqual([]);
  });

  test('goes on after that with what is true even late', async () => {
    const bench = await shop.open();
    const { result } = await persisted(bench, [away, away], {
      evenLate: true,
      atRefusal: () => bench.skip(ackWaitMs),
    });
    expect(result).toBe('taken');
  });

  test('lets go when the drain is over, of what is true even late too', async () => {
    const bench = await shop.open();
    const { result } = await persisted(bench, [away], {
      evenLate: true,
      atRefusal: (_n, worker) => worker.abandon(),
    });
    expect(result).toBeInstanceOf(LetGo);
    expect(bench.said).toEqual([]);
  });

  test('does not wait for what the server refuses for good: the message comes back later, and nobody waits', async () => {
    const bench = await shop.open();
    const { result, tries } = await persisted(bench, [refused]);
    expect(result).toBeInstanceOf(LetGo);
    expect(tries).toBe(1);
    expect(bench.gate.open).toBe(true);
    expect(bench.events).toMatchObject([
      { type: 'refused', what: 'write the journal', consumer: bench.consumer, stream: 'events' },
    ]);
    await bench.saidAre('-NAK {"delay": 5000000000}');
  });

  test('lets it come back ever later', async () => {
    const bench = await shop.open();
    await bench.publishDelivered();
    bench.work((held, self) => self.persist(held, 'write the journal', () => Promise.reject(refused())));
    await bench.saidAre('-NAK {"delay": 15000000000}');
  });

  test('repeats nothing that is no answer of a server, but a fault of ours', async () => {
    const bench = await shop.open();
    const { result, tries } = await persisted(bench, [() => new TypeError('a fault')]);
    expect([(result as Error).message, tries]).toEqual(['a fault', 1]);
    expect(bench.failures).toMatchObject([{ message: expect.stringContaining('a fault') as string }]);
  });
});

describe('a message', () => {
  test('that is let go of is neither acknowledged nor given back, and its place is free', async () => {
    const bench = await shop.open();
    let seen = 0;
    const worker = bench.work(
      async () => {
        seen++;
        throw new LetGo('gone');
      },
      { capacity: 1 },
    );
    await bench.publish(2);
    await eventually('both were seen', () => seen === 2);
    await worker.drained();
    expect(bench.said).toEqual([]);
    expect(bench.failures).toEqual([]);
    const info = await shop.link.consumerInfo('events', bench.consumer);
    expect(info?.num_ack_pending).toBe(2);
  });

  test.each([
    ['as it is, where it is one of ours', new OperationError('the disk is gone'), 'the disk is gone'],
    ['with the consumer named, where it is none', new TypeError('a fault'), 'a fault'],
  ])('whose processing fails ends the pipeline with the error, %s', async (_what, error, message) => {
    const bench = await shop.open();
    bench.work(() => Promise.reject(error));
    await bench.publish();
    await eventually('the pipeline ends', () => bench.failures.length === 1);
    expect(bench.failures[0]?.message).toContain(message);
    if (error instanceof OperationError) expect(bench.failures[0]).toBe(error);
    else expect(bench.failures[0]?.message).toContain(bench.consumer);
    expect(bench.said).toEqual([]);
  });

  test('is held no more often than the capacity says, those included that wait for a slot', async () => {
    const bench = await shop.open();
    const end = latch();
    const worker = bench.work(() => end.opened, { capacity: 3, concurrency: 1 });
    await bench.publish(5);
    await eventually('three are in hand', () => worker.inHandCount === 3);
    const info = await shop.link.consumerInfo('events', bench.consumer);
    expect([info?.num_ack_pending, info?.num_pending]).toEqual([3, 2]);
    expect(worker.slots.size).toBe(1);
    end.open();
    await eventually('the others follow', () => worker.counter.delivered === 5);
  });

  test('is kept alive from its receipt on, whatever it waits for, and no longer than it is in hand', async () => {
    const bench = await shop.open();
    const ends = [latch(), latch()];
    const held: HeldMessage[] = [];
    const touched: HeldMessage[] = [];
    const worker = bench.work(
      async (one) => {
        held.push(one);
        await ends[held.length - 1]?.opened;
      },
      { ackWaitMs: 120, capacity: 1 },
    );
    worker.settler.touch = async (one) => void touched.push(one);
    await bench.publish(2);
    const isTouched = (n: number): boolean => touched.filter((one) => one === held[n]).length > 1;
    await eventually('the first is kept alive', () => isTouched(0));
    ends[0]?.open();
    await eventually('the second is in hand', () => held.length === 2);
    touched.length = 0;
    await eventually('the second is kept alive', () => isTouched(1));
    expect(touched).not.toContain(held[0]);
    ends[1]?.open();
  });

  test('is kept alive no longer once the drain is over: it comes back by itself', async () => {
    const touched: string[] = [];
    const end = latch();
    const [over, other] = await Promise.all(
      ['over', 'other'].map(async (name) => {
        const bench = await shop.open();
        const worker = bench.work(() => end.opened, { ackWaitMs: 120 });
        worker.settler.touch = async () => void touched.push(name);
        await bench.publish();
        return worker;
      }),
    );
    await eventually('both are kept alive', () => touched.includes('over') && touched.includes('other'));
    over?.abandon();
    expect([over?.isOver, other?.isOver]).toEqual([true, false]);
    touched.length = 0;
    await eventually('the other is kept alive', () => touched.filter((name) => name === 'other').length > 2);
    expect(touched).not.toContain('over');
    end.open();
  });

  test('that is given back may be with somebody else from then on', async () => {
    const bench = await shop.open();
    const ours: boolean[] = [];
    bench.work(async (held, self) => {
      if (held.delivery.deliveries > 1) return;
      ours.push(self.isOurs(held));
      self.giveBack(held);
      ours.push(self.isOurs(held));
      self.settler.nak(held, 0);
    });
    await bench.publish();
    await bench.saidAre('-NAK');
    expect(ours).toEqual([true, false]);
  });

  test('that the server keeps for itself is told and acknowledged, and is processed by nobody', async () => {
    const bench = await shop.open();
    let processed = 0;
    const worker = bench.work(async () => void processed++, { capacity: 1 });
    const headers = { 'Nats-Marker-Reason': ['MaxAge'] };
    for (let n = 0; n < 2; n++) await shop.link.publish(`events.${bench.consumer}`, '', { headers });
    await bench.saidAre('+ACK', '+ACK');
    expect(processed).toBe(0);
    expect(worker.inHandCount).toBe(0);
    expect(bench.events).toMatchObject([
      { type: 'skipped', consumer: bench.consumer, stream: 'events' },
      { type: 'skipped' },
    ]);
  });
});

describe('the gate', () => {
  test('stops pulling while it is closed, from the start on', async () => {
    const bench = await shop.open();
    const who = {};
    bench.gate.refused('write the journal', who, 'full');
    const worker = bench.work(async (held, self) => void self.settler.ack(held), { capacity: 1 });
    await bench.publish(2);
    await shop.link.flush();
    expect((await shop.link.consumerInfo('events', bench.consumer))?.num_waiting).toBe(0);
    expect(worker.counter.delivered).toBe(0);
    bench.gate.taken('write the journal');
    await bench.saidAre('+ACK', '+ACK');
  });

  test('that closes lets what is in hand end, and nothing more come', async () => {
    const bench = await shop.open();
    const end = latch();
    const ack: Process = async (held, self) => {
      await end.opened;
      await self.settler.ack(held);
    };
    const worker = bench.work(ack, { capacity: 1 });
    await bench.publish(2);
    await eventually('one is in hand', () => worker.inHandCount === 1);
    bench.gate.refused('write the journal', {}, 'full');
    end.open();
    await worker.drained();
    await shop.link.flush();
    const info = await shop.link.consumerInfo('events', bench.consumer);
    expect([info?.num_waiting, info?.num_pending]).toEqual([0, 1]);
    bench.gate.taken('write the journal');
    await bench.saidAre('+ACK', '+ACK');
  });
});

describe('a consumer that is missed', () => {
  test('is a new epoch: it may have been made anew; it is told once, until a message comes', async () => {
    const bench = await shop.open();
    const worker = bench.work(async (held, self) => void self.settler.ack(held));
    const before = worker.epoch;
    await eventually('it is asked', async () => {
      const info = await shop.link.consumerInfo('events', bench.consumer);
      return (info?.num_waiting ?? 0) > 0;
    });
    await deleteConsumer(shop.link, 'events', bench.consumer);
    await eventually('it is missed', () => bench.gone.length === 1);
    bench.skip(1000);
    await eventually('it is missed again', () => bench.gone.length >= 2);
    expect(worker.epoch).toBe(before + bench.gone.length);
    expect(worker.unanswered).toBeDefined();
    expect(bench.events).toMatchObject([{ type: 'waiting-for-consumer', consumer: bench.consumer }]);
    await bench.createConsumer();
    await bench.publish();
    bench.skip(1000);
    await bench.saidAre('+ACK');
    await deleteConsumer(shop.link, 'events', bench.consumer);
    await eventually('it is told again', () => bench.events.length === 2);
  });
});

test('a connection that was lost is a new epoch for whoever still pulls', async () => {
  const bench = await shop.open();
  const nothing: Process = async () => {};
  const [stopped, pulling] = [bench.work(nothing), bench.work(nothing)];
  await stopped.stopPulling();
  const before = pulling.epoch;
  await shop.link.nc.reconnect();
  await eventually('it is connected again', () => pulling.epoch >= before + 2);
  expect(stopped.epoch).toBe(before);
});

describe('a worker that stops', () => {
  test('keeps nobody waiting: neither for a place nor for the other suspects', async () => {
    const bench = await shop.open();
    const worker = bench.work(async () => {}, { concurrency: 1 });
    await Promise.all([worker.slots.take(), worker.suspects.take()]);
    const waiting = Promise.all([worker.slots.take(), worker.suspects.take()]);
    expect(worker.isStopping).toBe(false);
    await worker.stopPulling();
    await waiting;
    expect([worker.isStopping, worker.isOver]).toEqual([true, false]);
  });

  test('does not miss its consumer any more', async () => {
    const bench = await shop.open();
    const worker = bench.work(async () => {});
    await eventually('it is asked', async () => {
      const info = await shop.link.consumerInfo('events', bench.consumer);
      return (info?.num_waiting ?? 0) > 0;
    });
    const stopping = worker.stopPulling();
    await deleteConsumer(shop.link, 'events', bench.consumer);
    await stopping;
    expect(bench.gone).toEqual([]);
    expect(bench.events).toEqual([]);
  });
});
