import { describe, expect, test } from 'vitest';
import {
  decodeObject,
  decodeText,
  isCount,
  isText,
  parseJson,
  readOrigin,
} from '../../../src/lib/domain/decode.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('decodeObject', () => {
  test('reads an object', () => {
    expect(decodeObject(bytes('{"v":1}'))).toEqual({ ok: true, value: { v: 1 } });
    expect(decodeObject(bytes('\ufeff{"v":1}'))).toEqual({ ok: true, value: { v: 1 } });
  });

  // The parser of Node quotes what it can't read, in words that differ from version to version.
  test.each(['ssn=078-05-1120', '{"password":hunter2}', '"card 4111', '{"a":1}}secret'])(
    'says nothing of what %j holds',
    (text) => {
      expect(decodeObject(bytes(text))).toEqual({ ok: false, reason: 'not valid JSON' });
      expect(parseJson(text)).toEqual({ ok: false, reason: 'not valid JSON' });
    },
  );

  test.each([
    ['nothing', bytes(''), /^not valid JSON$/],
    ['half an object', bytes('{"v":'), /^not valid JSON$/],
    ['a list', bytes('[1]'), /^expected a JSON object/],
    ['null', bytes('null'), /^expected a JSON object/],
    ['a text', bytes('"{}"'), /^expected a JSON object/],
    ['bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), /^not text in UTF-8$/],
    ['more than 1 MB', bytes(`{"v":"${'x'.repeat(1_048_576)}"}`), /^1048584 bytes/],
    ['101 levels', bytes(`{"v":${'['.repeat(100)}${']'.repeat(100)}}`), /^more than 100 levels deep/],
    [
      '100,000 levels that end',
      bytes(`{"v":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
      /^more than 100 levels/,
    ],
    ['100,000 levels', bytes('['.repeat(100_000)), /^not valid JSON$/],
  ])('%s is refused with the reason', (_what, data, reason) => {
    expect(decodeObject(data)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  test('a key named __proto__ changes no prototype', () => {
    const decoded = decodeObject(bytes('{"__proto__":{"v":1}}'));
    expect(decoded.ok && decoded.value['v']).toBeUndefined();
  });
});

test.each([
  [0, true],
  [1, true],
  [Number.MAX_SAFE_INTEGER, true],
  [Number.MAX_SAFE_INTEGER + 1, false],
  [-1, false],
  [1.5, false],
  [Number.NaN, false],
  ['1', false],
  [null, false],
])('%j is a count: %s', (value, is) => {
  expect(isCount(value)).toBe(is);
});

test.each([
  ['a', true],
  ['', false],
  [1, false],
  [undefined, false],
])('%j is a text: %s', (value, is) => {
  expect(isText(value)).toBe(is);
});

describe('decodeText', () => {
  test('is strict, and takes a byte order mark away', () => {
    expect(decodeText(bytes('\ufeff{}'))).toBe('{}');
    expect(decodeText(bytes('\ufeff\ufeff'))).toBe('\ufeff');
    expect(decodeText(bytes(''))).toBe('');
    expect(decodeText(bytes('£ 𝄞'))).toBe('£ 𝄞');
  });

  test.each([
    ['a byte that no text has', [0xff]],
    ['half a character', [0xc2]],
    ['a character in more bytes than it needs', [0xc0, 0xaf]],
    ['a lone surrogate', [0xed, 0xa0, 0x80]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
    ['Latin-1', [0x22, 0xe9, 0x22]],
  ])('%s is no text', (_what, data) => {
    expect(decodeText(Uint8Array.from(data))).toBeUndefined();
  });
});

describe('readOrigin', () => {
  const origin = { stream: 'events', seq: 42, subject: 'events.a', msgId: 'id', time: '1769860800123456789' };

  test('reads what names an event and leaves out the rest', () => {
    expect(readOrigin({ ...origin, more: 1 })).toEqual(origin);
    const { msgId: _, ...without } = origin;
    expect(readOrigin(without)).toEqual(without);
  });

  test.each([
    ['no object', 'events/42'],
    ['null', null],
    ['no stream', { ...origin, stream: '' }],
    ['a stream that no server can have', { ...origin, stream: 'a.b' }],
    ['a stream with a line feed', { ...origin, stream: 'events\n' }],
    ['sequence 0', { ...origin, seq: 0 }],
    ['a sequence in text', { ...origin, seq: '42' }],
    ['no subject', { ...origin, subject: undefined }],
    ['a time in milliseconds', { ...origin, time: 1_769_860_800_123 }],
    ['a message id that is no text', { ...origin, msgId: 7 }],
  ])('%s names no event', (_what, value) => {
    expect(readOrigin(value)).toBeUndefined();
  });
});
