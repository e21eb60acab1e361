import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closest } from '../../../src/lib/domain/closest.js';
import { property } from '../../support/property.js';

const keys = ['attempts', 'backoff', 'handler', 'concurrency', 'timeout', 'ackWait', 'retry'];

test.each([
  ['atempts', 'attempts'],
  ['attempt', 'attempts'],
  ['bakcoff', 'backoff'],
  ['Handler', 'handler'],
  ['ack_wait', 'ackWait'],
  ['concurency', 'concurrency'],
  ['retyr', 'retry'],
])('%s was probably meant as %s', (word, known) => {
  expect(closest(word, keys)).toBe(known);
});

test.each(['x', 'payload', 'zzzzzzzz', '', 'x'.repeat(100_000)])('nothing is near %.20s', (word) => {
  expect(closest(word, keys)).toBeUndefined();
});

test('nothing is near when nothing is known', () => {
  expect(closest('word', [])).toBeUndefined();
});

property('a known word is its own closest', () =>
  fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }), (words) => {
    for (const word of words) expect(closest(word, words)).toBe(word);
  }),
);
