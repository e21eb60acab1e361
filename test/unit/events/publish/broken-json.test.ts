import { expect, it } from 'vitest';
import { isBrokenJson } from '../../../../src/lib/events/publish/broken-json.js';

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
