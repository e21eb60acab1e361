import fc from 'fast-check';
import { expect } from 'vitest';
import { parseJson } from '../../../src/lib/domain/decode.js';
import { property } from '../../support/property.js';

const blank = fc.string({
  unit: fc.constantFrom(' ', '\t', '\n', '\r', '\u00a0', '\ufeff', '\v'),
  maxLength: 3,
});
const word = fc.oneof(
  fc.json(),
  fc.constantFrom(
    'true',
    'false',
    'null',
    'tru',
    'nul',
    '-',
    '-1',
    '+1',
    '.5',
    '1e3',
    'NaN',
    'Infinity',
    "'a'",
    '//',
  ),
  fc.string({ maxLength: 4 }),
);

property('parseJson takes what JSON.parse takes, and nothing else', ['taken', 'refused'], (seen) =>
  fc.property(blank, word, blank, (before, text, after) => {
    const whole = before + text + after;
    let expected: unknown = { ok: false, reason: 'not valid JSON' };
    try {
      expected = { ok: true, value: JSON.parse(whole) as unknown };
      seen('taken');
    } catch {
      seen('refused');
    }
    expect(parseJson(whole)).toEqual(expected);
  }),
);
