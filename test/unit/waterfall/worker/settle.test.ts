import { describe, expect, test } from 'vitest';
import { HeldMessage } from '../../../../src/lib/waterfall/worker/held-message.js';
import { Settler } from '../../../../src/lib/waterfall/worker/settle.js';
import { delivered, fakeServer } from '../fake-server.js';

const ackWaitMs = 500;

function setUp({ confirm = false } = {}) {
  const server = fakeServer();
  return {
    server,
    settler: new Settler(server.link, confirm, server.monotonic),
    held: new HeldMessage(delivered(), ackWaitMs, server.now),
  };
}

describe('ack', () => {
  test('is said without waiting', async () => {
    const { server, settler, held } = setUp();
    await settler.ack(held);
    expect(server.said).toEqual(['+ACK']);
  });

  test('is said after the lease has lapsed too: the record of it is stored', async () => {
    const { server, settler, held } = setUp();
    server.now += ackWaitMs;
    await settler.ack(held);
    expect(server.said).toEqual(['+ACK']);
  });

  test('is confirmed where that is asked for, and repeated until it is', async () => {
    const { server, settler, held } = setUp({ confirm: true });
    server.silences = 2;
    await settler.ack(held);
    expect(server.said).toEqual(['+ACK?', '+ACK?', '+ACK?']);
  });

  test('is not repeated for ever: the lease has lapsed', async () => {
    const { server, settler, held } = setUp({ confirm: true });
    server.silences = Number.POSITIVE_INFINITY;
    server.now += ackWaitMs;
    await settler.ack(held);
    expect(server.said).toEqual(['+ACK?']);
  });

  test('is not repeated over a connection that is down', async () => {
    const { server, settler, held } = setUp({ confirm: true });
    server.silences = Number.POSITIVE_INFINITY;
    server.connected = false;
    await settler.ack(held);
    expect(server.said).toEqual(['+ACK?']);
  });
});

describe('nak', () => {
  test('tells the delay', () => {
    const { server, settler, held } = setUp();
    settler.nak(held, 1500);
    settler.nak(held, 0);
    expect(server.said).toEqual(['-NAK {"delay": 1500000000}', '-NAK']);
  });

  test('is never said after the lease has lapsed: somebody else may be running it', () => {
    const { server, settler, held } = setUp();
    server.now += ackWaitMs;
    settler.nak(held, 1500);
    expect(server.said).toEqual([]);
  });
});

describe('touch', () => {
  test('prolongs the lease from the moment of asking, when the server confirms', async () => {
    const { server, settler, held } = setUp();
    server.now = 1200;
    const touched = settler.touch(held, 100);
    server.now = 1290;
    await touched;
    expect(server.said).toEqual(['+WPI?']);
    expect(held.touchedAt).toBe(1200);
  });

  test('without an answer prolongs nothing', async () => {
    const { server, settler, held } = setUp();
    server.silences = 1;
    server.now = 1200;
    await settler.touch(held, 100);
    expect(held.touchedAt).toBe(1000);
  });

  test('never shortens a lease: answers may overtake each other', async () => {
    const { server, settler, held } = setUp();
    server.now = 1200;
    const touched = settler.touch(held, 100);
    held.touchedAt = 1300;
    await touched;
    expect(held.touchedAt).toBe(1300);
  });

  test('is never said after the lease has lapsed: it would take the message from somebody else', async () => {
    const { server, settler, held } = setUp();
    server.now += ackWaitMs;
    await settler.touch(held, 100);
    expect(server.said).toEqual([]);
  });
});
