import { expect, test } from 'vitest';
import { codesIn, codesOf } from '../../../../src/lib/domain/selection/codes.js';

test.each([
  ['connect ECONNREFUSED 10.0.4.17:587', ['econnrefused', '10', '17', '587']],
  ['ORA-00942: table or view does not exist', ['ora-00942', 'ora', '00942']],
  ['[MY-001146] no such table', ['my-001146', '001146']],
  ['duplicate key (SQLSTATE 42P01)', ['sqlstate', '42p01']],
  ['ER_DUP_ENTRY, ER-DUP', ['er_dup_entry', 'dup']],
  ['x-ORA-1, ORA-1x, aORA-1', ['ora-1', 'ora', 'ora']],
  ['it failed, a B c-D 5', []],
])('the codes in %j are %j', (text, codes) => {
  expect(codesIn(text)).toEqual(codes);
});

test('its own code is the code of a failure, and the message is not guessed at', () => {
  expect(codesOf({ code: 'ORA-00942', message: 'ORA-12541: no listener' })).toEqual(['ora-00942']);
  expect(codesOf({ message: 'ORA-12541' })).toEqual(['ora-12541', 'ora', '12541']);
});

test('a long message takes time in proportion', () => {
  for (const text of ['1', 'A', 'A-', '1-', 'A1_']) {
    expect(codesIn(`${text.repeat(200_000)}a`).length).toBeLessThan(500_000);
  }
});
