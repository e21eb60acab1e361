import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HeldMessage } from '../../../../src/lib/waterfall/worker/held-message.js';
import { LeaseKeeper } from '../../../../src/lib/waterfall/worker/lease.js';
import { Settler } from '../../../../src/lib/waterfall/worker/settle.js';
import { delivered, fakeServer } from '../fake-server.js';

const ackWaitMs = 600;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const server = fakeServer();
  const settler = new Settler(server.link, false, server.monotonic);
  const keeper = new LeaseKeeper(settler, ackWaitMs, server.monotonic);
  const held = new HeldMessage(delivered(), ackWaitMs, server.now);
  keeper.add(held);
  return {
    server,
    keeper,
    held,
    /** Lets time pass on both clocks, in steps. */
    pass: async (ms: number, stepMs = 10) => {
      for (let passed = 0; passed < ms; passed += stepMs) {
        server.now += stepMs;
        await vi.advanceTimersByTimeAsync(stepMs);
      }
    },
  };
}

describe('a lease', () => {
  test('is kept for as long as the message is held, with a sign of life at least every third of the ack wait', async () => {
    const { server, held, pass } = setUp();
    for (let tenth = 0; tenth < 100; tenth++) {
      await pass(ackWaitMs / 10);
      expect(server.now - held.touchedAt).toBeLessThanOrEqual(ackWaitMs / 3);
    }
    expect(server.said.length).toBeLessThanOrEqual(100);
  });

  test('survives an answer that fails', async () => {
    const { server, held, pass } = setUp();
    server.silences = 2;
    await pass(ackWaitMs * 3);
    expect(held.lapsed(server.now)).toBe(false);
  });

  test('of a message that is held no longer is let go', async () => {
    const { server, keeper, held, pass } = setUp();
    keeper.remove(held);
    await pass(ackWaitMs * 2);
    expect(server.said).toEqual([]);
    expect(held.lapsed(server.now)).toBe(true);
  });

  test('that has lapsed is not taken back: the message may be with somebody else', async () => {
    const { server, held, pass } = setUp();
    server.now += ackWaitMs;
    await pass(ackWaitMs * 2);
    expect(server.said).toEqual([]);
    expect(held.lapsed(server.now)).toBe(true);
  });

  test('is not kept after the drain is over', async () => {
    const { server, keeper, pass } = setUp();
    keeper.stop();
    await pass(ackWaitMs * 2);
    expect(server.said).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
