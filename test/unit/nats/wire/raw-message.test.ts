import { describe, expect, test } from 'vitest';
import { eachHeader, findHeader } from '../../../../src/lib/nats/wire/raw-message.js';

function pairsOf(raw: string): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  eachHeader(raw, (name, value) => pairs.push([name, value]));
  return pairs;
}

describe('eachHeader', () => {
  test.each([
    ['none', '', []],
    ['only a status', 'NATS/1.0 404 Message Not Found\r\n\r\n', []],
    ['only the first line', 'NATS/1.0\r\n\r\n', []],
    ['one', 'NATS/1.0\r\nA: 1\r\n\r\n', [['A', '1']]],
    [
      'a name twice, and nothing behind the colon',
      'NATS/1.0\r\nA: 1\r\na:2 \r\nA:\r\n\r\n',
      [
        ['A', '1'],
        ['a', '2'],
        ['A', ''],
      ],
    ],
    ['colons in a value', 'NATS/1.0\r\nTime: 12:00:01\r\n\r\n', [['Time', '12:00:01']]],
    ['a line without a colon, or without a name', 'NATS/1.0\r\nnothing\r\n: 1\r\nB: 2\r\n\r\n', [['B', '2']]],
    ['an end that is missing', 'NATS/1.0\r\nA: 1', []],
    ['what follows the empty line', 'NATS/1.0\r\nA: 1\r\n\r\nB: 2\r\n', [['A', '1']]],
  ])('of raw headers with %s', (_what, raw, pairs) => {
    expect(pairsOf(raw)).toEqual(pairs);
  });
});

test('findHeader takes a name in the exact case before another one, and no part of a name', () => {
  const raw = 'NATS/1.0\r\nX-Id: 0\r\nid: 1\r\nId: 2\r\n\r\n';
  expect(findHeader(raw, 'Id')).toBe('2');
  expect(findHeader(raw, 'ID')).toBe('1');
  expect(findHeader(raw, 'd')).toBeUndefined();
  expect(findHeader('', 'Id')).toBeUndefined();
});
