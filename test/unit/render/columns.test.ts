import { expect, test } from 'vitest';
import { clipColumns, columnsOf } from '../../../src/lib/render/columns.js';

test.each([
  ['', 0],
  ['abc', 3],
  ['née', 3],
  ['€ … –', 5],
  ['宽字', 4],
  ['한국', 4],
  ['a👍b', 4],
  ['𠀀', 2],
  ['e\u0301', 2],
])('%j takes %d columns', (text, columns) => {
  expect(columnsOf(text)).toBe(columns);
});

test.each([
  ['abc', 3, 'abc'],
  ['abcd', 3, 'ab…'],
  ['宽字符', 6, '宽字符'],
  ['宽字符', 5, '宽字…'],
  ['宽字符', 4, '宽…'],
  ['a👍👍', 4, 'a👍…'],
  ['abc', 1, '…'],
])('%j in %d columns is %j', (text, columns, clipped) => {
  expect(clipColumns(text, columns)).toBe(clipped);
});
