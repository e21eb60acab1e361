import { expect, it } from 'vitest';
import { isBrokenJson, isEncodedOtherwise } from '../../../../src/lib/events/publish/broken-json.js';

it.each([
  ['{"bad json"', true],
  ['  [1, 2', true],
  ['"half', true],
  ["{'a': 1}", true],
  ['{"a": 1}', false],
  ['[]', false],
  ['"text"', false],
  ['hello', false],
  ['42x', false],
  ['', false],
])('%s: %s, as text and as bytes', (text, broken) => {
  expect(isBrokenJson(text)).toBe(broken);
  expect(isBrokenJson(new TextEncoder().encode(text))).toBe(broken);
});

it('is nothing of no data, and of bytes that are no text', () => {
  expect(isBrokenJson(undefined)).toBe(false);
  expect(isBrokenJson(new Uint8Array([0x7b, 0xff]))).toBe(false);
});

it.each([
  ['UTF-16', Buffer.from('\uFEFF{"a":1}', 'utf16le'), true],
  ['one byte a letter', Buffer.from('{"a":"größe"}', 'latin1'), true],
  ['UTF-8', Buffer.from('{"a":"größe"}'), false],
  ['bytes', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]), false],
  ['bytes that begin like JSON', Buffer.from([0x7b, 0xff, 0x00, 0x01]), false],
])('JSON in another encoding: %s', (_, data, otherwise) => {
  expect(isEncodedOtherwise(data)).toBe(otherwise);
});
