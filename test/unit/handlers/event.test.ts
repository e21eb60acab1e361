import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { StandardSchema } from '../../../src/lib/config/schema/standard-schema.js';
import { Reject } from '../../../src/lib/domain/outcome.js';
import type { PlutomiEvent } from '../../../src/lib/handlers/contract.js';
import {
  type EventMessage,
  EventRegistry,
  makeEvent,
  SchemaMismatch,
} from '../../../src/lib/handlers/event.js';

const subject = 'events.totp.requested';

function messageOf(data: string | Uint8Array, change: Partial<EventMessage> = {}): EventMessage {
  return {
    stream: 'events',
    subject,
    seq: 42,
    time: '1769860800123456789',
    data: Buffer.from(data),
    headers: { 'Nats-Msg-Id': ['id-1'], Trace: ['a', 'b'] },
    msgId: 'id-1',
    ...change,
  };
}

function registryOf(schema?: StandardSchema): EventRegistry {
  const type = { type: 'totp.requested', subject, ...(schema ? { schema } : {}) };
  return new EventRegistry({ eventsRoot: 'events', events: [type] });
}

/** A schema that does what `validate` does. */
function schemaOf(validate: StandardSchema['~standard']['validate']): StandardSchema {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

describe('the registry', () => {
  const registry = new EventRegistry({
    eventsRoot: 'events',
    events: [{ type: 'order.placed', subject: 'orders.placed' }],
  });

  test.each([
    ['a known subject has the type of its config', 'orders.placed', 'order.placed'],
    ['any other is named by what follows the root', 'events.user.created', 'user.created'],
    ['a subject outside the root is its own type', 'audit.x', 'audit.x'],
    ['the root alone is its own type', 'events', 'events'],
    ['a root that only begins alike is none', 'events-2.x', 'events-2.x'],
  ])('%s', (_what, subject, type) => {
    expect(registry.typeOf(subject)).toBe(type);
  });
});

describe('an event without a schema', () => {
  test('is exactly what was published', async () => {
    const event = await makeEvent(messageOf('{"user":1}'), registryOf());
    expect(event.type).toBe('totp.requested');
    expect(event.subject).toBe(subject);
    expect(event.data).toEqual({ user: 1 });
    expect(Buffer.from(event.raw).toString()).toBe('{"user":1}');
    expect(event.headers).toEqual({ 'Nats-Msg-Id': ['id-1'], Trace: ['a', 'b'] });
    expect(event.id).toBe('id-1');
    expect(event.stream).toBe('events');
    expect(event.seq).toBe(42);
    expect(event.time).toEqual(new Date('2026-01-31T12:00:00.123Z'));
  });

  test('decodes its payload when that is first read, and once', async () => {
    let reads = 0;
    const message: EventMessage = {
      ...messageOf(''),
      get data() {
        reads++;
        return Buffer.from('{"n":1}');
      },
    };
    const event = await makeEvent(message, registryOf());
    expect(reads).toBe(0);
    expect(event.data).toBe(event.data);
    expect(reads).toBe(1);
  });

  test.each([
    'not json',
    '{"half":',
    'undefined',
    '\u0000',
    '\ufeff\ufeff{}',
    Uint8Array.of(0x22, 0xe9, 0x22),
  ])('rejects itself when its payload %j is read as JSON, and not before', async (payload) => {
    const event = await makeEvent(messageOf(payload), registryOf());
    expect(event.raw).toHaveLength(Buffer.byteLength(payload));
    expect(() => event.data).toThrow(Reject);
    expect(() => event.data).toThrow(
      /^the payload is not JSON: \d+ bytes(?:, not valid JSON| that are not text in UTF-8)$/,
    );
  });

  test.each([
    ['text', '{"n": 0.10}', '{"n": 0.10}'],
    ['text behind a byte order mark', '\ufeff{}', '{}'],
    ['nothing', '', ''],
    ['what is not JSON', 'x', 'x'],
    ['bytes', Uint8Array.of(0xff), undefined],
  ])('has %s as its text', async (_what, payload, text) => {
    expect((await makeEvent(messageOf(payload), registryOf())).text).toBe(text);
  });

  test.each([
    ['number', { id: 1524831183200260000, n: 1, s: '#1' }],
    ['bigint', { id: 1524831183200260097n, n: 1, s: '#1' }],
    ['text', { id: '1524831183200260097', n: 1, s: '#1' }],
  ] as const)('with numbers as %s', async (numbers, data) => {
    const payload = '{"id":1524831183200260097,"n":1,"s":"#1"}';
    expect((await makeEvent(messageOf(payload), registryOf(), numbers)).data).toEqual(data);
    let seen: unknown;
    const schema = schemaOf((value) => ({ value: (seen = value) }));
    expect((await makeEvent(messageOf(payload), registryOf(schema), numbers)).data).toBe(seen);
    expect(seen).toEqual(data);
  });

  test('tells once for each type that an integer was rounded, and only when it is', async () => {
    const told: unknown[] = [];
    const config = { eventsRoot: 'events', events: [] };
    const registry = new EventRegistry(config, (type, { seq }) => told.push([type, seq]));
    const read = async (seq: number, type: string, payload: string, numbers?: 'bigint'): Promise<unknown> =>
      (await makeEvent(messageOf(payload, { seq, subject: `events.${type}` }), registry, numbers)).data;
    await read(1, 'a', '{"card":"4111111111111111111","n":9007199254740991}');
    await read(2, 'a', '[9007199254740993]', 'bigint');
    expect(told).toEqual([]);
    await read(3, 'a', '[9007199254740993]');
    await read(4, 'a', '[9007199254740993]');
    await read(5, 'b', '-9007199254740993');
    expect(told).toEqual([
      ['a', 3],
      ['b', 5],
    ]);
  });

  test.each([
    ['an empty payload', '', undefined],
    ['a byte order mark alone', '\ufeff', undefined],
    ['JSON behind a byte order mark', '\ufefffalse', false],
    ['null', 'null', null],
    ['false', 'false', false],
    ['a number', '0', 0],
    ['a text', '"x"', 'x'],
  ])('%s is decoded as what it is', async (_what, payload, data) => {
    const event = await makeEvent(messageOf(payload), registryOf());
    expect(event.data).toBe(data);
    expect(event.data).toBe(data);
  });

  test('reads a payload that is a part of a larger buffer', async () => {
    const data = new Uint8Array(Buffer.from('xx{"n":1}yy')).subarray(2, 9);
    const event = await makeEvent(messageOf('', { data }), registryOf());
    expect(event.data).toEqual({ n: 1 });
  });
});

test('what a handler does to an event stays with the handler', async () => {
  // As they arrive: one buffer holds several messages.
  const arrived = new Uint8Array(Buffer.from('before{"n":1}after'));
  const message = messageOf('', { data: arrived.subarray(6, 13) });
  const event = await makeEvent(message, registryOf());
  const others = await makeEvent(message, registryOf());
  new Uint8Array(event.raw.buffer).fill(0);
  structuredClone(event.raw, { transfer: [event.raw.buffer as ArrayBuffer] });
  (event.headers['Trace'] as string[]).push('c');
  delete (event.headers as Record<string, unknown>)['Nats-Msg-Id'];
  event.time.setTime(0);
  expect(event.data).toEqual({ n: 1 });
  (event.data as { n: number }).n = 2;
  expect(event.raw).toHaveLength(0);
  expect(event.headers).toEqual({ Trace: ['a', 'b', 'c'] });
  expect(Buffer.from(arrived).toString()).toBe('before{"n":1}after');
  expect(message.headers).toEqual({ 'Nats-Msg-Id': ['id-1'], Trace: ['a', 'b'] });
  expect(others.data).toEqual({ n: 1 });
  expect(others.time).toEqual(new Date('2026-01-31T12:00:00.123Z'));
});

describe('an event with a schema', () => {
  const positive = z.object({ amount: z.coerce.number().positive() });

  test("has the schema's output as its data", async () => {
    const event = await makeEvent(messageOf('{"amount":"7","more":1}'), registryOf(positive));
    expect(event.data).toEqual({ amount: 7 });
    expect(Buffer.from(event.raw).toString()).toBe('{"amount":"7","more":1}');
  });

  test.each([
    ['synchronous', schemaOf((value) => ({ value }))],
    ['asynchronous', schemaOf(async (value) => ({ value }))],
  ])('is checked by a schema that is %s', async (_what, schema) => {
    const event = await makeEvent(messageOf('{"n":1}'), registryOf(schema));
    expect(event.data).toEqual({ n: 1 });
  });

  test.each([
    ['synchronous', schemaOf(() => ({ issues: [{ message: 'too small', path: ['amount'] }] }))],
    [
      'asynchronous',
      schemaOf(async () => ({ issues: [{ message: 'too small', path: [{ key: 'amount' }] }] })),
    ],
  ])('that breaks a schema that is %s says the type and where', async (_what, schema) => {
    const event = Promise.resolve(makeEvent(messageOf('{}'), registryOf(schema)));
    await expect(event).rejects.toThrow(SchemaMismatch);
    await expect(event).rejects.toThrow(
      'the payload does not match the schema of totp.requested: amount: too small',
    );
  });

  test('with undefined as the output of its schema does not decode the payload again', async () => {
    const event = await makeEvent(messageOf('7'), registryOf(schemaOf(() => ({ value: undefined }))));
    expect(event.data).toBeUndefined();
  });

  test('whose payload is not JSON breaks it', async () => {
    const event: PlutomiEvent | Promise<PlutomiEvent> = makeEvent(messageOf('<xml/>'), registryOf(positive));
    await expect(Promise.resolve(event)).rejects.toThrow(SchemaMismatch);
    await expect(Promise.resolve(event)).rejects.toThrow(/^the payload is not JSON/);
  });

  test('checks an empty payload as undefined', async () => {
    const event = Promise.resolve(makeEvent(messageOf(''), registryOf(positive)));
    await expect(event).rejects.toThrow(SchemaMismatch);
  });

  test('whose schema itself fails has not broken it: that may be better next time', async () => {
    const schema = schemaOf(() => {
      throw new TypeError('a bug of the schema');
    });
    const event = Promise.resolve(makeEvent(messageOf('{}'), registryOf(schema)));
    await expect(event).rejects.toThrow(TypeError);
  });
});
