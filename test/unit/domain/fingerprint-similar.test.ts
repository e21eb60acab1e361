import { expect, test } from 'vitest';
import { alikeKinds, type Kind } from '../../../src/lib/domain/fingerprint-similar.js';
import { shapeOf } from '../../../src/lib/domain/fingerprint-shape.js';

const kind = (message: string, over: Partial<Kind> = {}): Kind => {
  const shape = shapeOf(message);
  return { fingerprint: message, name: 'Error', code: shape.codes.join(' '), shape, ...over };
};
const groupsOf = (...kinds: Kind[]): number => new Set(alikeKinds(kinds).values()).size;

test('shapes that differ in a value are one group, under the one that died first', () => {
  const [first, second] = [
    kind('no access to order_items for reports'),
    kind('no access to users for reports'),
  ];
  expect([...alikeKinds([first, second])]).toEqual([
    [first.fingerprint, first.fingerprint],
    [second.fingerprint, first.fingerprint],
  ]);
  expect(new Set(alikeKinds([second, first]).values())).toEqual(new Set([second.fingerprint]));
});

test('a word that has four values or more in one place is a value', () => {
  const names = ['alice', 'bob', 'carol', 'dave'].map((name) => kind(`the account of ${name} is closed`));
  expect(groupsOf(...names)).toBe(1);
  expect(groupsOf(...names.slice(0, 3))).toBe(3);
});

test.each<[string, Kind, Kind]>([
  ['of other words', kind('cannot read the file now'), kind('cannot write the file now')],
  ['of another length', kind('no access to order_items at all'), kind('no access to order_items')],
  ['that are short', kind('no order_items'), kind('no users')],
  [
    'of another name',
    kind('no access to a_b for x'),
    kind('no access to users for x', { name: 'TypeError' }),
  ],
  [
    'of another code',
    kind('no access to a_b for x', { code: '1' }),
    kind('no access to users for x', { code: '2' }),
  ],
  [
    'of another port',
    kind('cannot connect ECONNREFUSED ::1:587'),
    kind('cannot connect ECONNREFUSED ::1:25'),
  ],
  ['of another property', kind("of undefined (reading 'a.b')"), kind("of undefined (reading 'c')")],
  ['that end with another code', kind('the API said: not_in_channel'), kind('the API said: token_revoked')],
])('shapes %s are kept apart', (_what, one, other) => {
  expect(groupsOf(one, other)).toBe(2);
});

test('one of an earlier version, which has no code, is alike with the same words', () => {
  const old = kind('no such thing', { fingerprint: 'old', code: '' });
  const today = kind('no such thing', { fingerprint: 'today', code: '23505' });
  expect(new Set(alikeKinds([old, today]).values())).toEqual(new Set(['old']));
});

test('what has no shape is alike with nothing', () => {
  const chosen = (fingerprint: string): Kind => ({
    fingerprint,
    name: 'E',
    code: '',
    shape: { words: [], fixed: [] },
  });
  expect(groupsOf(chosen('a'), chosen('b'), kind('of a shape', { name: 'E' }))).toBe(3);
});
