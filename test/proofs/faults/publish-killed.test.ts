import { pipelineOf } from '../../support/pipeline-of.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OutgoingEvent } from '../../../src/lib/events/publish/outgoing.js';
import { Publisher } from '../../../src/lib/events/publish/publish.js';
import { connect } from '../../../src/lib/nats/connect/connect.js';
import type { Link } from '../../../src/lib/nats/link.js';
import { headerOf, msgIdHeader } from '../../../src/lib/nats/wire/message.js';
import { readStream } from '../../../src/lib/nats/read/read-stream.js';
import { makeConfig, makeStream } from '../../support/config.js';
import { startNats, type TestServer } from '../../support/nats-server.js';
import { startProxy, type TestProxy } from '../../support/proxy.js';

let nats: TestServer;
let direct: Link;
let streams = 0;

const open = (url: string, timeoutMs: number): Promise<Link> =>
  connect({ servers: [url], source: 'test', name: 'test', timeoutMs });

beforeAll(async () => {
  nats = await startNats();
  direct = await open(nats.url, 5000);
});
afterAll(async () => {
  await direct.close();
  await nats.stop();
});

/** Publishes through a proxy that `harm` acts on when this many events were taken; gives the stored ids. */
async function publishThrough(
  count: number,
  at: readonly number[],
  harm: (proxy: TestProxy) => void,
  timeoutMs = 5000,
): Promise<{ readonly ids: string[]; readonly published: number }> {
  const name = `killed${++streams}`;
  await direct.jsm.streams.add({ name, subjects: [`${name}.>`] });
  const proxy = await startProxy(nats.port);
  const link = await open(proxy.url, timeoutMs);
  const config = {
    ...makeConfig({ eventsRoot: name, events: [{ type: 'note', subject: `${name}.note` }] }),
    streams: { ...makeConfig().streams, events: makeStream(name, [`${name}.>`]) },
  };
  async function* source(): AsyncGenerator<OutgoingEvent> {
    for (let n = 1; n <= count; n++) {
      // Not before some are on their way.
      if (at.includes(n)) setImmediate(() => harm(proxy));
      yield { type: 'note', data: { n }, id: `id-${n}` };
    }
  }
  try {
    const { count: published } = await new Publisher(pipelineOf(link, config)).publishMany(source());
    const ids: string[] = [];
    for await (const { headers } of readStream(direct, { stream: name, filters: [`${name}.>`] })) {
      ids.push(headerOf(headers, msgIdHeader) ?? '');
    }
    return { ids, published };
  } finally {
    await link.close();
    proxy.close();
  }
}

const expected = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `id-${n + 1}`).toSorted();

test('a connection that is reset in the middle of a window: every event is stored once', async () => {
  const { ids, published } = await publishThrough(8000, [1500, 4000, 7800], (proxy) => proxy.cut());
  expect(published).toBe(8000);
  expect(ids.toSorted()).toEqual(expected(8000));
});

test('answers that never come, on a connection that stays: every event is stored once', async () => {
  const lost = (proxy: TestProxy): void => {
    proxy.swallowAnswers();
    // Long enough for the first timeouts and for tries that are swallowed too.
    setTimeout(() => proxy.cut(), 900);
  };
  const { ids, published } = await publishThrough(3000, [1500], lost, 500);
  expect(published).toBe(3000);
  expect(ids.toSorted()).toEqual(expected(3000));
});
