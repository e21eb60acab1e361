import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { checkPayload } from '../../../../src/lib/events/publish/check-payload.js';
import { checkId, makeHeaders } from '../../../../src/lib/events/publish/headers.js';
import { encodePayload } from '../../../../src/lib/events/publish/payload.js';
import { z } from 'zod';

const text = (data: unknown): string => Buffer.from(encodePayload(data)).toString();

describe('encodePayload', () => {
  test('JSON values become JSON, text and bytes stay as they are', () => {
    expect(text({ email: 'ada@example.com', n: 1 })).toBe('{"email":"ada@example.com","n":1}');
    expect(text([1, null])).toBe('[1,null]');
    expect(text(null)).toBe('null');
    expect(text('{"a": 1}')).toBe('{"a": 1}');
    const bytes = Uint8Array.of(0, 255, 10);
    expect(encodePayload(bytes)).toBe(bytes);
    expect(encodePayload(undefined)).toHaveLength(0);
  });

  test('what holds bytes is published as these', () => {
    const bytes = Uint8Array.of(9, 1, 2, 9);
    expect(encodePayload(Uint8Array.of(1, 2).buffer)).toEqual(Uint8Array.of(1, 2));
    expect(encodePayload(new DataView(bytes.buffer, 1, 2))).toEqual(Uint8Array.of(1, 2));
  });

  test.each<[string, unknown]>([
    ['it is a promise: await it first', Promise.resolve({ a: 1 })],
    ['total is a promise: await it first', { id: 1, total: Promise.resolve(2) }],
    ['it is a Map', new Map([[1, 2]])],
    ['it is a Set', new Set([1])],
    ['it is a Blob', new Blob(['a'])],
    ['it is a Uint16Array', Uint16Array.of(1)],
    ['it is a stream', Readable.from(['a'])],
    ['it is a stream', new ReadableStream()],
  ])('what JSON would write as an empty object is refused: %s', (message, data) => {
    expect(() => encodePayload(data)).toThrow(
      expect.objectContaining({ code: 'NOT_JSON', message: expect.stringContaining(message) }),
    );
  });

  test('bytes of another realm are bytes', () => {
    const bytes = runInNewContext('Uint8Array.of(1, 2)') as unknown;
    expect(Buffer.from(encodePayload(bytes))).toEqual(Buffer.of(1, 2));
  });

  test('what says itself how it is written is written so', () => {
    const written = Object.assign(new Map(), { toJSON: () => ({ n: 1 }) });
    expect(text(written)).toBe('{"n":1}');
    expect(text(new Date(0))).toBe('"1970-01-01T00:00:00.000Z"');
  });

  test.each([
    ['a cycle', Object.assign([], { 0: {} }) as unknown[], true],
    ['a BigInt', 1n, false],
    ['a function', () => 1, false],
    ['a symbol', Symbol('x'), false],
  ])('%s is refused on one line', (_what, data, cycle) => {
    if (cycle) (data as unknown[]).push(data);
    expect(() => encodePayload(data)).toThrow(
      expect.objectContaining({ code: 'NOT_JSON', message: expect.stringMatching(/^[^\n]+$/) }),
    );
  });
});

describe('makeHeaders', () => {
  test('copies the headers, adds the type and changes nothing of the caller', () => {
    const given = { 'Session-Id': 's-1', Tag: ['a', 'b'] };
    expect(makeHeaders('totp.requested', Object.freeze(given))).toEqual({
      'Session-Id': ['s-1'],
      Tag: ['a', 'b'],
      'Event-Type': ['totp.requested'],
    });
    expect(given).toEqual({ 'Session-Id': 's-1', Tag: ['a', 'b'] });
  });

  test.each([
    ['Nats-Msg-Id', 'x', 'give the event an id instead'],
    ['nats-msg-id', 'x', 'give the event an id instead'],
    ['Nats-Expected-Stream', 'x', "names that start with Nats- are the server's"],
    ['event-type', 'x', "set from the event's type"],
    ['', 'x', 'printable ASCII'],
    ['Session Id', 'x', 'printable ASCII'],
    ['Session:Id', 'x', 'printable ASCII'],
    ['Größe', 'x', 'printable ASCII'],
    ['A\r\nB', 'x', 'printable ASCII'],
    ['Tag', 'one\r\nNats-Msg-Id: forged', 'found a line feed'],
    ['Tag', 'one\ntwo', 'found a line feed'],
    ['Tag', 1 as unknown as string, 'expected a string, found a number'],
  ])('refuses %j: %j', (name, value, reason) => {
    expect(() => makeHeaders('x', { [name]: value })).toThrow(
      expect.objectContaining({ code: 'INVALID_HEADER', message: expect.stringContaining(reason) }),
    );
  });

  test('an id is one line and not empty', () => {
    expect(() => checkId('login-4711')).not.toThrow();
    for (const id of ['', ' ', 'a\nb', 'a\r\nTag: x']) expect(() => checkId(id)).toThrow(/expected/);
  });
});

describe('checkPayload', () => {
  const schema = z.object({ email: z.email(), code: z.string().length(6) });

  test('sees what a handler will see', async () => {
    const dated = z.object({ at: z.iso.datetime() });
    await expect(checkPayload('t', dated, encodePayload({ at: new Date(0) }))).resolves.toBeUndefined();
    await expect(
      checkPayload('t', schema, encodePayload('{"email":"ada@example.com","code":"314159"}')),
    ).resolves.toBeUndefined();
  });

  test.each([
    ['{"email": "nobody", "code": "1"}', /^the data does not match the schema of t: email: .*; code: /],
    ['{"email":', /^t has a schema, and the data is not JSON: /],
    [undefined, /^the data does not match the schema of t: /],
    [Uint8Array.of(0xff), /is not JSON/],
  ])('%j is a violation', async (data, message) => {
    await expect(checkPayload('t', schema, encodePayload(data))).rejects.toMatchObject({
      code: 'SCHEMA_VIOLATION',
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });

  test('a schema that throws is a problem of the config', async () => {
    const broken = {
      '~standard': {
        version: 1,
        vendor: 'x',
        validate: () => {
          throw new Error('boom');
        },
      },
    } as const;
    await expect(checkPayload('t', broken, encodePayload({}))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'the schema of t failed: boom',
    });
  });
});
