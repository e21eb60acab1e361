import { headers as natsHeaders, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import type { Link } from '../../src/lib/nats/link.js';
import { headersOf, type MessageHeaders } from '../../src/lib/nats/wire/message.js';
import { numberInSubject, rawHeaders } from '../../src/lib/nats/wire/raw-message.js';
import { outgoingSideOf, Wire } from '../../src/lib/nats/wire/wire.js';
import { connectTo, natsForTest } from '../support/pipeline.js';

interface Heard {
  readonly subject: string;
  readonly reply: string | undefined;
  readonly headers: MessageHeaders;
  readonly data: Buffer;
}

/** What came, in its order, as the client gives it. */
async function listening(of: (nc: NatsConnection) => NatsConnection = (nc) => nc): Promise<{
  link: Link;
  wire: Wire;
  heard: Heard[];
  raw: Msg[];
}> {
  const link = await connectTo((await natsForTest()).url);
  const heard: Heard[] = [];
  const raw: Msg[] = [];
  link.nc.subscribe('w.>', {
    callback: (_, msg) => {
      raw.push(msg);
      const headers = headersOf(msg.headers);
      heard.push({
        subject: msg.subject,
        reply: msg.reply || undefined,
        headers,
        data: Buffer.from(msg.data),
      });
    },
  });
  await link.flush();
  return { link, wire: new Wire(of(link.nc)), heard, raw };
}

type Inside = Readonly<Record<string, unknown>>;

const patterned = (size: number): Buffer => Buffer.from(Array.from({ length: size }, (_, i) => i % 251));

/** The client as another version might be: with its public interface alone. */
const withoutInside = (nc: NatsConnection): NatsConnection =>
  new Proxy(nc, {
    get(target, name) {
      if (name === 'protocol') return undefined;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

test('the client has the outgoing side that the wire writes to: without it a publish costs a multiple of the CPU time', async () => {
  const { link } = await listening();
  expect(outgoingSideOf(link.nc)).toBeDefined();
  expect(outgoingSideOf(withoutInside(link.nc))).toBeUndefined();
});

describe.each([
  ['by what the client keeps', (nc: NatsConnection) => nc],
  ['by the public interface alone', withoutInside],
])('a message that the wire publishes %s', (_by, of) => {
  test('arrives as one that the client publishes', async () => {
    const { link, wire, heard } = await listening(of);
    const lines = 'NATS/1.0\r\nName: größe\r\nNats-Msg-Id: a\r\n\r\n';
    const sent = natsHeaders();
    sent.append('Name', 'größe');
    sent.append('Nats-Msg-Id', 'a');
    const payloads = ['', 'text', 'größe 🦊 \ud800', patterned(0), patterned(300)];
    for (const payload of payloads) {
      for (const reply of ['', 'w.reply']) {
        for (const headers of ['', lines]) {
          wire.publish('w.größe', reply, headers, payload);
          wire.flush();
          link.nc.publish('w.größe', payload, { reply, ...(headers === '' ? {} : { headers: sent }) });
        }
      }
    }
    await link.flush();
    expect(heard).toHaveLength(payloads.length * 8);
    for (let i = 0; i < heard.length; i += 2) expect(heard[i]).toEqual(heard[i + 1]);
  });

  test('arrives whole, whatever the size, and in order', async () => {
    const { link, wire, heard } = await listening(of);
    const sizes = [1, 65_000, 500, 65_536, 1_000_000, 3, 32_768, 40_000, 1_040_000, 0];
    for (const size of sizes) wire.publish('w.size', '', '', patterned(size));
    for (let n = 0; n < 3000; n++) wire.publish(`w.${n}`, '', '', `${n}`);
    wire.flush();
    await link.flush();
    expect(heard.slice(0, sizes.length).map(({ data }) => data.equals(patterned(data.length)))).toEqual(
      sizes.map(() => true),
    );
    expect(heard.slice(0, sizes.length).map(({ data }) => data.length)).toEqual(sizes);
    expect(heard.slice(sizes.length).map(({ subject, data }) => [subject, String(data)])).toEqual(
      Array.from({ length: 3000 }, (_, n) => [`w.${n}`, `${n}`]),
    );
  });

  test('goes out by itself', async () => {
    const { link, wire, heard } = await listening(of);
    wire.publish('w.a', '', '', '1');
    expect(heard).toEqual([]);
    await expect.poll(() => heard.length).toBe(1);
    await link.close();
  });

  test.each([
    ['no subject', '', 'x', /subject/i],
    ['a subject that would be more than one', 'w.a 5\r\nhello\r\nPUB w.b', 'x', /subject/i],
    ['more than the server takes', 'w.a', new Uint8Array(1_048_577), /max_payload/],
  ])('is refused for %s', async (_what, subject, payload, reason) => {
    const { link, wire, heard } = await listening(of);
    expect(() => wire.publish(subject, '', '', payload)).toThrow(reason);
    wire.publish('w.next', '', '', '');
    wire.flush();
    await link.flush();
    expect(heard.map((one) => one.subject)).toEqual(['w.next']);
  });

  test('is refused when the connection is closed', async () => {
    const { link, wire } = await listening(of);
    await link.close();
    expect(() => wire.publish('w.a', '', '', '')).toThrow(/closed/);
  });
});

test('the client has each field that is used beside its public interface: one that is missing costs CPU time, and no other test may show it', async () => {
  const { link, wire, raw } = await listening();
  wire.publish('w.a', '', 'NATS/1.0\r\nA: 1\r\n\r\n', 'x');
  wire.flush();
  await link.flush();
  const { protocol } = link.nc as unknown as { readonly protocol?: Inside };
  const outbound = protocol?.['outbound'] as Inside | undefined;
  const msg = raw[0] as unknown as Inside;
  const parts = msg['_msg'] as Inside | undefined;
  expect({
    'protocol.outbound.fill': typeof outbound?.['fill'],
    'protocol.flushPending': typeof protocol?.['flushPending'],
    'protocol.noMorePublishing': protocol?.['noMorePublishing'],
    'protocol.outMsgs': typeof protocol?.['outMsgs'],
    'protocol.outBytes': typeof protocol?.['outBytes'],
    'msg._msg.subject': Buffer.from((parts?.['subject'] ?? '') as Uint8Array).toString(),
    'msg._msg.hdr': parts?.['hdr'],
    'msg._rdata': Buffer.from((msg['_rdata'] ?? '') as Uint8Array).toString(),
  }).toEqual({
    'protocol.outbound.fill': 'function',
    'protocol.flushPending': 'function',
    'protocol.noMorePublishing': false,
    'protocol.outMsgs': 'number',
    'protocol.outBytes': 'number',
    'msg._msg.subject': 'w.a',
    'msg._msg.hdr': 18,
    'msg._rdata': 'NATS/1.0\r\nA: 1\r\n\r\nx',
  });
});

test('what the wire publishes is in the statistics of the client, as what the client publishes', async () => {
  const counted = async (publish: (wire: Wire, nc: NatsConnection) => void) => {
    const { link, wire } = await listening();
    publish(wire, link.nc);
    wire.flush();
    await link.flush();
    const { outMsgs, outBytes } = link.nc.stats();
    return { outMsgs, outBytes };
  };
  expect(await counted((wire) => wire.publish('w.a', '', '', 'four'))).toEqual(
    await counted((_, nc) => nc.publish('w.a', 'four')),
  );
});

test('the client keeps headers and subject of a message undecoded', async () => {
  const { link, wire, raw } = await listening();
  wire.publish('w.17', '', 'NATS/1.0\r\nA: 1\r\n\r\n', 'x');
  wire.publish('w.x', '', '', '');
  wire.flush();
  await link.flush();
  const [first, second] = raw as [Msg, Msg];
  expect([rawHeaders(first), rawHeaders(second)]).toEqual(['NATS/1.0\r\nA: 1\r\n\r\n', '']);
  expect([numberInSubject(first, 2), numberInSubject(first, 4), numberInSubject(second, 2)]).toEqual([
    17,
    Number.NaN,
    Number.NaN,
  ]);
  // Where they are not kept, the message says the same.
  expect(numberInSubject({ subject: 'w.17' } as Msg, 2)).toBe(17);
  expect(rawHeaders({ subject: 'w.17' } as Msg)).toBeUndefined();
});
