import { createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { DeadLetter } from '../../../../src/lib/domain/dead-letter.js';
import { makeFailure } from '../../../../src/lib/domain/failure.js';
import { encodePointer, type Pointer } from '../../../../src/lib/domain/pointer.js';
import type { StageCounts } from '../../../../src/lib/observe/snapshot.js';
import type { WaterfallEvent } from '../../../../src/lib/observe/waterfall-event.js';
import { alertProcess, type DeadLetterHandler } from '../../../../src/lib/waterfall/stages/alert.js';
import { HeldMessage } from '../../../../src/lib/waterfall/worker/held-message.js';
import { Settler } from '../../../../src/lib/waterfall/worker/settle.js';
import { StageCounter } from '../../../../src/lib/waterfall/worker/stage-counter.js';
import type { Worker } from '../../../../src/lib/waterfall/worker/worker.js';
import { makeConfig, makeConsumer } from '../../../support/config.js';
import { delivered, fakeServer } from '../fake-server.js';

const consumer = 'notifications-consumer';
const at = '2026-01-31T11:00:00.000Z';
const pointer: Pointer = {
  v: 1,
  consumer,
  stage: 'dlq',
  cycle: 2,
  origin: { stream: 'events', seq: 42, subject: 'events.totp.requested', time: '17' },
  advisory: { type: 't', id: 'i', timestamp: at, stream: 'events', consumer, stream_seq: 42, deliveries: 3 },
  failure: makeFailure('error', 'Error', 'refused'),
  attempts: { main: 3, retry: 3 },
  firstFailedAt: at,
  lastFailedAt: at,
  notBeforeMs: 0,
};

interface Told {
  readonly said: readonly string[];
  readonly events: readonly WaterfallEvent[];
  readonly counts: StageCounts;
}

function workerOf(server: ReturnType<typeof fakeServer>): Worker {
  const settler = new Settler(server.link, false, server.monotonic);
  return { settler, counter: new StageCounter(), time: 1 } as Worker;
}

/** Delivers what stands in the DLQ for the `deliveries`-th time; what was said to the server and told to the log. */
async function deliver(
  body: string,
  {
    handler,
    webhook,
    deliveries = 1,
    subject = `events-dlq.${consumer}.42`,
  }: { handler?: DeadLetterHandler; webhook?: string; deliveries?: number; subject?: string } = {},
): Promise<Told> {
  const server = fakeServer();
  const events: WaterfallEvent[] = [];
  const settings = makeConsumer({ name: consumer, onDeadLetter: webhook === undefined ? {} : { webhook } });
  const process = alertProcess(makeConfig(), settings, handler, (event) => events.push(event));
  const held = new HeldMessage(delivered({}, { subject, body, deliveries }), 60_000, 1000);
  const worker = workerOf(server);
  await process(held, worker);
  return { said: server.said, events, counts: worker.counter.counts };
}

const dead: WaterfallEvent = {
  type: 'dead-letter',
  id: `${consumer}/42`,
  consumer,
  cycle: 2,
  kind: pointer.failure.kind,
  reason: 'refused',
  group: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
};

describe('a new dead letter', () => {
  test('is told to the log, and acknowledged', async () => {
    expect(await deliver(encodePointer(pointer))).toEqual({
      said: ['+ACK'],
      events: [dead],
      counts: expect.objectContaining({ succeeded: 1, failed: 0 }),
    });
  });

  test('is told to the handler before it is acknowledged', async () => {
    const letters: DeadLetter[] = [];
    const { said } = await deliver(encodePointer(pointer), {
      handler: async (letter) => letters.push(letter),
    });
    expect(letters).toEqual([
      expect.objectContaining({
        id: `${consumer}/42`,
        subject: 'events.totp.requested',
        reason: 'refused',
        cycle: 2,
      }),
    ]);
    expect(said).toEqual(['+ACK']);
  });

  test('whose first delivery reached nobody is told by the next one', async () => {
    const { said, events } = await deliver(encodePointer(pointer), { deliveries: 2 });
    expect(said).toEqual(['+ACK']);
    expect(events).toEqual([dead]);
  });

  test('whose alert failed stands in the log once, however often it is delivered here', async () => {
    const server = fakeServer();
    const events: WaterfallEvent[] = [];
    const handler = vi.fn().mockRejectedValueOnce(new Error('down')).mockRejectedValueOnce(new Error('down'));
    const process = alertProcess(makeConfig(), makeConsumer({ name: consumer }), handler, (event) =>
      events.push(event),
    );
    const worker = workerOf(server);
    for (const deliveries of [1, 2, 3]) {
      const facts = { subject: `events-dlq.${consumer}.42`, body: encodePointer(pointer), deliveries };
      await process(new HeldMessage(delivered({}, facts), 60_000, 1000), worker);
    }
    expect(worker.counter.counts).toMatchObject({ succeeded: 1, failed: 2 });
    expect(handler).toHaveBeenCalledTimes(3);
    expect(events.map(({ type }) => type)).toEqual(['dead-letter', 'alert-failed', 'alert-failed']);
    expect(server.said.at(-1)).toBe('+ACK');
  });

  test('that is no pointer is told and put aside: nobody could do more with it', async () => {
    const handler = vi.fn();
    const { said, events } = await deliver('not json', { handler });
    expect(said).toEqual(['+ACK']);
    expect(events).toEqual([
      expect.objectContaining({
        id: `${consumer}/42`,
        reason: expect.stringMatching(/^not a pointer: /) as string,
      }),
    ]);
    expect(handler).not.toHaveBeenCalled();
  });

  test.each([
    ['a subject that names no event', `events-dlq.${consumer}.x`, 'not json'],
    ['a subject that names none of the stream', `events-dlq.${consumer}.0`, 'not json'],
    ['more tokens than one of ours', `events-dlq.${consumer}.42.7`, 'not json'],
    ['a pointer that belongs elsewhere', `events-dlq.${consumer}.x`, encodePointer(pointer)],
  ])('has the id by which `dlq list` knows it: %s', async (_what, subject, body) => {
    const { events } = await deliver(body, { subject });
    expect(events).toEqual([expect.objectContaining({ type: 'dead-letter', id: 'events-dlq/42' })]);
  });
});

describe('a handler that fails', () => {
  test.each<[string, DeadLetterHandler]>([
    [
      'throws',
      () => {
        throw new Error('pager is down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('pager is down'))],
  ])('because it %s is told again, ever later', async (_what, handler) => {
    const first = await deliver(encodePointer(pointer), { handler });
    expect(first.said).toEqual(['-NAK {"delay": 1000000000}']);
    expect(first.events).toEqual([
      dead,
      { type: 'alert-failed', id: `${consumer}/42`, error: 'pager is down', retryInMs: 1000 },
    ]);
    const late = await deliver(encodePointer(pointer), { handler, deliveries: 99 });
    expect(late.said).toEqual(['-NAK {"delay": 300000000000}']);
  });

  describe('because it never settles', () => {
    beforeEach(() => {
      vi.useFakeTimers();
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    test('is told again, and keeps nobody waiting', async () => {
      const told = deliver(encodePointer(pointer), { handler: () => new Promise(() => {}) });
      await vi.advanceTimersByTimeAsync(30_000);
      expect((await told).events.at(-1)).toMatchObject({
        error: 'no result within 30000 ms',
        retryInMs: 1000,
      });
      expect(vi.getTimerCount()).toBe(0);
    });
  });
});

describe('a webhook', () => {
  interface Hook {
    readonly url: string;
    readonly bodies: unknown[][];
    readonly headers: IncomingHttpHeaders[];
  }

  async function hook(status: number, answer: Record<string, string> = {}): Promise<Hook> {
    const bodies: unknown[][] = [];
    const headers: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => (text += part.toString()));
      request.on('end', () => {
        headers.push(request.headers);
        bodies.push([request.method, request.headers['content-type'], JSON.parse(text)]);
        response.writeHead(status, answer).end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/`, bodies, headers };
  }

  test('gets what died, whatever the handler before it has done to its own', async () => {
    const { url, bodies } = await hook(204);
    const handler = (letter: DeadLetter): void => {
      Object.assign(letter, { id: 'altered' });
      Object.assign(letter.attempts, { main: 99 });
    };
    await deliver(encodePointer(pointer), { webhook: url, handler });
    expect(bodies[0]?.[2]).toMatchObject({ id: `${consumer}/42`, attempts: { main: 3, retry: 3 } });
  });

  test('gets the dead letter as JSON', async () => {
    const { url, bodies } = await hook(204);
    expect((await deliver(encodePointer(pointer), { webhook: url })).said).toEqual(['+ACK']);
    expect(bodies).toEqual([
      ['POST', 'application/json', expect.objectContaining({ id: `${consumer}/42`, reason: 'refused' })],
    ]);
  });

  test.each([
    ['/moved/secret', ': it redirects to http://127.0.0.1:'],
    [
      'https://elsewhere.test/secret?token=secret',
      ': it redirects to https://elsewhere.test, and redirects are not',
    ],
    ['http://[', ': it redirects to nowhere'],
  ])('that redirects to %s has not been told, and is not followed', async (location, said) => {
    const { url, bodies } = await hook(307, { location });
    const { said: verdicts, events } = await deliver(encodePointer(pointer), {
      webhook: `${url}secret?x=secret`,
    });
    expect(verdicts).toEqual(['-NAK {"delay": 1000000000}']);
    expect(events.at(-1)).toMatchObject({
      type: 'alert-failed',
      error: expect.stringContaining(`the webhook answered 307${said}`),
    });
    expect(JSON.stringify(events)).not.toContain('secret');
    expect(bodies).toHaveLength(1);
  });

  test('gets user and password of its URL in a header', async () => {
    const { url, headers } = await hook(204);
    const webhook = url.replace('//', '//ada:s%3Acret@');
    expect((await deliver(encodePointer(pointer), { webhook })).said).toEqual(['+ACK']);
    expect(headers[0]?.authorization).toBe(`Basic ${Buffer.from('ada:s:cret').toString('base64')}`);
  });

  test.each([
    [
      'http://127.0.0.1:9/secret?token=secret',
      /^no answer from the webhook at http:\/\/127\.0\.0\.1:9.*ECONNREFUSED/,
    ],
    [
      'http://secret:secret@hook.invalid/secret',
      /^no answer from the webhook at http:\/\/hook\.invalid.*ENOTFOUND|EAI_AGAIN/,
    ],
  ])('that can not be reached: %s, says why and tells no secret', async (webhook, why) => {
    const { events } = await deliver(encodePointer(pointer), { webhook });
    expect(events.at(-1)).toMatchObject({ type: 'alert-failed', error: expect.stringMatching(why) });
    expect(JSON.stringify(events)).not.toContain('secret');
  });

  test('that answers with an error is told again', async () => {
    const { url } = await hook(500);
    const { said, events } = await deliver(encodePointer(pointer), { webhook: url });
    expect(said).toEqual(['-NAK {"delay": 1000000000}']);
    expect(events.at(-1)).toMatchObject({ type: 'alert-failed', error: 'the webhook answered 500' });
  });
});
