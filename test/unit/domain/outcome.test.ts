import { expect, test } from 'vitest';
import { isReject, isSnooze, Reject, Snooze } from '../../../src/lib/domain/outcome.js';

test('a Reject says its reason and may have a cause', () => {
  const cause = new Error('deep');
  const reject = new Reject('no such address', { cause });
  expect(reject).toMatchObject({ name: 'Reject', message: 'no such address', cause });
  expect(reject).toBeInstanceOf(Error);
});

test('a Snooze says for how long', () => {
  expect(new Snooze('10m')).toMatchObject({ name: 'Snooze', message: 'snoozed for 10m', delay: '10m' });
});

test('they are recognized when they come from another copy of this module', () => {
  expect(isReject({ [Symbol.for('plutomi-events.Reject')]: true })).toBe(true);
  expect(isSnooze({ [Symbol.for('plutomi-events.Snooze')]: true, delay: 5 })).toBe(true);
});

test.each([
  ['undefined', undefined],
  ['null', null],
  ['a text', 'Reject'],
  ['an error', new Error('Reject')],
  ['an error that only has the name', Object.assign(new Error('x'), { name: 'Reject' })],
  ['a brand that is not true', { [Symbol.for('plutomi-events.Reject')]: 1 }],
])('%s is neither', (_what, thrown) => {
  expect(isReject(thrown)).toBe(false);
  expect(isSnooze(thrown)).toBe(false);
});

test('one is not the other', () => {
  expect(isSnooze(new Reject('x'))).toBe(false);
  expect(isReject(new Snooze('1s'))).toBe(false);
});
