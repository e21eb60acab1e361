import { expect, test } from 'vitest';
import { readCanary, readStopOn, stepSizes, tooManyFailed } from '../../../src/lib/domain/canary.js';

test.each([
  ['1,10,10%,rest', '1,10,10%,rest'],
  [' 1 , rest ', '1,rest'],
  ['rest', 'rest'],
  ['0.5%,rest', '0.5%,rest'],
  ['1,10', undefined],
  ['rest,1', undefined],
  ['rest,rest', undefined],
  ['0,rest', undefined],
  ['0%,rest', undefined],
  ['100%,rest', undefined],
  ['-1,rest', undefined],
  ['1,,rest', undefined],
  ['', undefined],
  ['one,rest', undefined],
  [`${'1,'.repeat(60)}rest`, undefined],
])('the canary %j is %j', (text, expected) => {
  expect(readCanary(text)).toBe(expected);
});

test.each([
  ['1,10,10%,rest', 1000, [1, 10, 100, 889]],
  ['1,10,10%,rest', 5, [1, 4]],
  ['10%,rest', 5, [1, 4]],
  ['10%,rest', 0, []],
  [null, 7, [7]],
  [null, 0, []],
])('the steps of %j of %i are %j', (canary, total, sizes) => {
  expect(stepSizes(canary, total)).toEqual(sizes);
});

test.each([
  ['failed>5%', 'failed>5%'],
  [' failed > 05.50 % ', 'failed>5.5%'],
  ['failed>0%', 'failed>0%'],
  ['new-group', 'new-group'],
  ['failed>100%', undefined],
  ['failed>=5%', undefined],
  ['failed>5', undefined],
  ['', undefined],
])('the condition %j is %j', (text, expected) => {
  expect(readStopOn(text)).toBe(expected);
});

test('a share is of those that have an outcome, and the strictest counts', () => {
  const stopOn = ['failed>50%', 'failed>5%', 'new-group'];
  expect(tooManyFailed(stopOn, { resolved: 0, deadAgain: 0 })).toBeUndefined();
  expect(tooManyFailed(stopOn, { resolved: 95, deadAgain: 5 })).toBeUndefined();
  expect(tooManyFailed(stopOn, { resolved: 94, deadAgain: 6 })).toBe('failed>5%: 6 of 100 died again');
  expect(tooManyFailed(['failed>0%'], { resolved: 9, deadAgain: 1 })).toContain('1 of 10');
  expect(tooManyFailed([], { resolved: 0, deadAgain: 9 })).toBeUndefined();
});
