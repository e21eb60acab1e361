import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasRoundedIntegers, parseWithNumbers } from '../../../src/lib/domain/numbers.js';
import { property } from '../../support/property.js';

const valueOf = (text: string, numbers: 'number' | 'bigint' | 'text'): unknown => {
  const decoded = parseWithNumbers(text, numbers);
  return decoded.ok ? decoded.value : decoded.reason;
};

test.each([
  // [published, as bigint, as text]
  ['9007199254740991', 9007199254740991, 9007199254740991],
  ['9007199254740992', 9007199254740992n, '9007199254740992'],
  ['-9007199254740993', -9007199254740993n, '-9007199254740993'],
  ['1524831183200260097', 1524831183200260097n, '1524831183200260097'],
  ['9007199254740993.0', 9007199254740993n, '9007199254740993.0'],
  ['1.524831183200260097e18', 1524831183200260097n, '1.524831183200260097e18'],
  ['1e20', 1e20, 1e20],
  ['1E400', 10n ** 400n, '1E400'],
  ['1e1000000000', Number.POSITIVE_INFINITY, '1e1000000000'],
  ['0.10', 0.1, 0.1],
  ['0.1234567890123456789', 0.12345678901234568, '0.1234567890123456789'],
  ['-0', -0, -0],
  ['0e5', 0, 0],
  ['5e-324', 5e-324, 5e-324],
  ['1e-400', 0, '1e-400'],
  ['1e+21', 1e21, 1e21],
])('%s is exact', (text, bigint, asText) => {
  expect(valueOf(text, 'bigint')).toEqual(bigint);
  expect(valueOf(`[{"a":${text}}]`, 'bigint')).toEqual([{ a: bigint }]);
  expect(valueOf(text, 'text')).toEqual(asText);
  expect(valueOf(text, 'number')).toBe(JSON.parse(text));
});

describe('numbers: "bigint"', () => {
  test.each(['#9007199254740993', '=#1', '=', '#', '', '\\u0023', '"', '\\'])(
    'leaves the text %j alone, as value and as key',
    (text) => {
      const quoted = JSON.stringify(text);
      expect(valueOf(`{${quoted}:${quoted},"n":[9007199254740993,${quoted}]}`, 'bigint')).toEqual({
        [text]: text,
        n: [9007199254740993n, text],
      });
    },
  );

  test('changes no prototype, and takes the last of two keys', () => {
    const value = valueOf('{"__proto__":{"a":1},"n":1,"n":9007199254740993}', 'bigint');
    expect(Object.keys(value as object)).toEqual(['__proto__', 'n']);
    expect(value).toHaveProperty('n', 9007199254740993n);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test('has an answer to any depth and any length', () => {
    const deep = `${'['.repeat(200_000)}9007199254740993${']'.repeat(200_000)}`;
    expect(valueOf(deep, 'bigint')).toBe('too many levels deep for numbers: "bigint"');
    expect(valueOf('9'.repeat(100_000), 'bigint')).toBe(BigInt('9'.repeat(100_000)));
  });
});

test.each(['', '{', '9007199254740993x', '[1,]', '"9007199254740993', '01'])(
  '%j is refused with every kind of numbers, in the same words',
  (text) => {
    for (const numbers of ['number', 'bigint', 'text'] as const)
      expect(valueOf(text, numbers)).toBe('not valid JSON');
  },
);

property('what holds no large number is what JSON.parse makes, and integers survive', ['large'], (seen) =>
  fc.property(
    fc.object({
      values: [fc.string(), fc.boolean(), fc.integer(), fc.float({ noNaN: true, noInteger: true })],
    }),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    (value, integer) => {
      const text = JSON.stringify(value);
      expect(valueOf(text, 'text')).toEqual(JSON.parse(text));
      const large = integer > 2n ** 53n - 1n || integer < -(2n ** 53n - 1n);
      if (large) seen('large');
      const both = `[${text},${integer}]`;
      expect(valueOf(both, 'bigint')).toEqual([JSON.parse(text), large ? integer : Number(integer)]);
      expect(valueOf(both, 'text')).toEqual([JSON.parse(text), large ? String(integer) : Number(integer)]);
      if (large) expect(hasRoundedIntegers(both)).toBe(true);
    },
  ),
);

test.each([
  ['9007199254740993', true],
  ['{"id":"9007199254740993"}', false],
  [`{"s":"${'1'.repeat(1000)}","n":[1, 2.5, -12345678901234567]}`, true],
  ['0.1234567890123456789', false],
  ['{"at":1769860800123,"a":1234567890123456}', false],
])('%s has a rounded integer: %s', (text, has) => {
  expect(hasRoundedIntegers(text)).toBe(has);
});
