import { headers } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { headerOf, headersOf } from '../../../../src/lib/nats/wire/message.js';

describe('headersOf', () => {
  test('keeps names as they were published, and all values', () => {
    const from = headers();
    from.append('Trace', 'a');
    from.append('Trace', 'b');
    from.append('x-lower', '1');
    expect(headersOf(from)).toEqual({ Trace: ['a', 'b'], 'x-lower': ['1'] });
  });

  test('of a message without headers is empty', () => {
    expect(headersOf(undefined)).toEqual({});
  });

  test('takes a header named like a property of every object as what it is', () => {
    const from = headers();
    from.append('__proto__', 'x');
    from.append('constructor', 'y');
    const of = headersOf(from);
    expect(Object.keys(of)).toEqual(['__proto__', 'constructor']);
    expect(headerOf(of, '__proto__')).toBe('x');
    expect(Object.getPrototypeOf(of)).toBe(Object.prototype);
  });
});

describe('headerOf', () => {
  test.each([
    ['the exact name', { 'Nats-Msg-Id': ['a'] }, 'a'],
    ['the name in another case', { 'nats-msg-id': ['a'] }, 'a'],
    ['the exact name before one in another case', { 'nats-msg-id': ['b'], 'Nats-Msg-Id': ['a'] }, 'a'],
    ['the first of several values', { 'Nats-Msg-Id': ['a', 'b'] }, 'a'],
  ])('finds %s', (_what, from, value) => {
    expect(headerOf(from, 'Nats-Msg-Id')).toBe(value);
  });

  test.each([
    ['is not there', {}],
    ['has an empty value', { 'Nats-Msg-Id': [''] }],
    ['has no value', { 'Nats-Msg-Id': [] }],
    ['only begins alike', { 'Nats-Msg-Id-2': ['a'] }],
  ])('finds nothing where the header %s', (_what, from) => {
    expect(headerOf(from, 'Nats-Msg-Id')).toBeUndefined();
  });
});
