import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { Delivery, nakVerdict } from '../../../../src/lib/nats/consume/delivery.js';
import { headerOf } from '../../../../src/lib/nats/wire/message.js';

/** As the client gives it: it keeps the headers before the payload, in the same bytes. */
function messageTo(reply: string | undefined, of?: MsgHdrs, { kept = true } = {}): Msg {
  const subject = 'events.totp.requested';
  const raw = (of as unknown as { encode(): Uint8Array } | undefined)?.encode() ?? new Uint8Array();
  const data = new Uint8Array([1, 2]);
  const parts = { subject: Buffer.from(subject), hdr: of ? raw.length : -1 };
  const inside = kept ? { _msg: parts, _rdata: Buffer.concat([raw, data]) } : {};
  return { subject, reply, data, headers: of, ...inside } as unknown as Msg;
}

const nine = '$JS.ACK.events.notifications-consumer.3.42.57.1769860800123456789.7';
const twelve = '$JS.ACK.hub.xyz123.events.notifications-consumer.3.42.57.1769860800123456789.7.rnd';

describe('Delivery.from', () => {
  test.each([
    ['9 tokens, the older form', nine],
    ['11 tokens, with domain and account', twelve.replace('.rnd', '')],
    ['12 tokens, with a random one at the end', twelve],
    ['12 tokens without a domain', twelve.replace('hub', '_')],
  ])('reads an ack subject of %s', (_what, reply) => {
    expect(Delivery.from(messageTo(reply))).toMatchObject({
      stream: 'events',
      consumer: 'notifications-consumer',
      deliveries: 3,
      seq: 42,
      consumerSeq: 57,
      time: '1769860800123456789',
      pending: 7,
      subject: 'events.totp.requested',
      data: new Uint8Array([1, 2]),
      replySubject: reply,
    });
  });

  test.each([
    ['no reply subject', undefined],
    ['an empty reply subject', ''],
    ['an inbox', '_INBOX.abc'],
    ['another reply of JetStream', '$JS.FC.events.c.1'],
    ['a token too few', '$JS.ACK.events.c.1.42.57.1'],
  ])('a message with %s was not delivered by a consumer', (_what, reply) => {
    expect(Delivery.from(messageTo(reply))).toBeUndefined();
  });
});

describe('its headers', () => {
  const header = (
    pairs: readonly (readonly [string, string])[],
    client?: { readonly kept: boolean },
  ): Delivery | undefined => {
    const of = headers();
    for (const [name, value] of pairs) of.append(name, value);
    return Delivery.from(messageTo(nine, of, client));
  };

  test.each([
    ['the exact name', [['Nats-Msg-Id', 'a']], 'a'],
    ['another case', [['nats-msg-id', 'a']], 'a'],
    [
      'the first of several',
      [
        ['Nats-Msg-Id', 'a'],
        ['Nats-Msg-Id', 'b'],
      ],
      'a',
    ],
    ['an empty value', [['Nats-Msg-Id', '']], undefined],
    ['another header', [['Trace', 'a']], undefined],
    [
      'the exact name after another case',
      [
        ['nats-msg-id', 'a'],
        ['Nats-Msg-Id', 'b'],
      ],
      'b',
    ],
    ['a name that ends like it', [['My-Nats-Msg-Id', 'a']], undefined],
    ['a value with colons and spaces in it', [['Nats-Msg-Id', ' a: b ']], 'a: b'],
    ['a value that is no ASCII', [['Nats-Msg-Id', 'größe']], 'größe'],
  ] as const)('a message id under %s is the same as that of the stored message', (_what, pairs, msgId) => {
    const delivery = header(pairs);
    expect(delivery?.header('Nats-Msg-Id')).toBe(msgId);
    expect(header(pairs, { kept: false })?.header('Nats-Msg-Id'), 'its bytes are not there').toBe(msgId);
    expect(headerOf(delivery?.headers ?? {}, 'Nats-Msg-Id')).toBe(msgId);
  });

  test('are empty where the message has none', () => {
    const delivery = Delivery.from(messageTo(nine));
    expect(delivery?.headers).toEqual({});
    expect(delivery?.header('Nats-Msg-Id')).toBeUndefined();
  });
});

test.each([
  [0, '-NAK'],
  [-5, '-NAK'],
  [1, '-NAK {"delay": 1000000}'],
  [1500.4, '-NAK {"delay": 1500000000}'],
  [100 * 365 * 86_400_000, '-NAK {"delay": 3153600000000000000}'],
])('a nak with a delay of %d ms tells the server nanoseconds', (delayMs, verdict) => {
  expect(nakVerdict(delayMs)).toBe(verdict);
});
