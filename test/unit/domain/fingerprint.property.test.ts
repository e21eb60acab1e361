import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprintOf } from '../../../src/lib/domain/fingerprint.js';
import { shapeOf } from '../../../src/lib/domain/fingerprint-shape.js';
import { property } from '../../support/property.js';

const piece = fc.oneof(
  fc.constantFrom(
    '"',
    "'",
    '`',
    '{',
    '}',
    '[',
    '(',
    '=(',
    ')',
    ']',
    '\\',
    '\\n',
    '\\u001b',
    ': ',
    '; cause: ',
    '://',
    '@',
    '::',

    'code',
    'status',
    'connect',
    'ECONNREFUSED',
    '550',
    '5.1.1',
    'Table',
    'select ',
    ' from ',
    'update x set ',
    '€',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3000 }),
  fc.array(piece, { maxLength: 200 }).map((pieces) => pieces.join('')),
);

property('any text has a fingerprint, and always the same', () =>
  fc.property(fc.string(), text, (name, message) => {
    const print = fingerprintOf(name, message);
    expect(print).toMatch(/^[0-9a-f]{12}$/);
    expect(fingerprintOf(name, message)).toBe(print);
  }),
);

property('a shape is bounded, and what is fixed in it is one of its words', () =>
  fc.property(text, (message) => {
    const { words, codes, fixed } = shapeOf(message);
    expect(words.length).toBeLessThanOrEqual(1024);
    for (const at of fixed) expect(words[at]).toBeTypeOf('string');
    expect(codes.length).toBeLessThanOrEqual(fixed.length);
  }),
);

test('only the first 1024 characters are looked at, so that the size of a text costs nothing', () => {
  for (const part of [
    "'",
    '"',
    '@',
    "'a",
    '{"a":',
    '[::',
    '=(',
    'select ',
    'a.',
    'a-',
    '1.',
    '\\',
    'eyJ',
    'A_',
    '/',
  ]) {
    const start = part.repeat(1024).slice(0, 1024);
    expect(shapeOf(start + part.repeat(100_000)).words).toEqual(shapeOf(start).words);
  }
});
