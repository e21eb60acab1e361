import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  failureOf,
  fingerprintOf,
  type FailureKind,
  isForGood,
  makeFailure,
  noReport,
  reasonOf,
} from '../../../src/lib/domain/failure.js';
import { property } from '../../support/property.js';

const circular: { self?: unknown } = {};
circular.self = circular;

const throwing = (): never => {
  throw new Error('a trap of the value itself');
};
const hostileProxy: object = new Proxy(
  {},
  {
    get: throwing,
    getPrototypeOf: throwing,
    has: throwing,
    ownKeys: throwing,
    getOwnPropertyDescriptor: throwing,
  },
);
const hostileGetters: object = Object.defineProperties(
  {},
  { name: { get: throwing }, message: { get: throwing }, stack: { get: throwing } },
);
const revoked = Proxy.revocable({}, {});
revoked.revoke();

describe('failureOf makes a failure of anything that was thrown', () => {
  test.each<[string, unknown, string, string]>([
    ['an error', new TypeError('no x'), 'TypeError', 'no x'],
    ['an error without a message', new RangeError(), 'RangeError', ''],
    [
      'an error with facts but no message',
      Object.assign(new Error(), { code: 'X' }),
      'Error',
      '{"code":"X"}',
    ],
    ['a text', 'just text', 'Error', 'just text'],
    ['an empty text', '', 'Error', ''],
    ['undefined', undefined, 'Error', 'undefined'],
    ['null', null, 'Error', 'null'],
    ['a number', 42, 'Error', '42'],
    ['a bigint', 42n, 'Error', '42'],
    ['a symbol', Symbol('s'), 'Error', 'Symbol(s)'],
    ['an object', { code: 550 }, 'Error', '{"code":550}'],
    ['an object with a message', { message: 'said so', name: 'Odd' }, 'Odd', 'said so'],
    ['an array', [1, 'two'], 'Error', '[1,"two"]'],
    ['a circular object', circular, 'Error', '[object Object]'],
    ['an object without a prototype', Object.create(null), 'Error', '{}'],
    [
      'a circular object without a prototype',
      Object.assign(Object.create(null), { circular, n: 1n }),
      'Error',
      'an object that cannot be converted to a string',
    ],
    ['a proxy that throws', hostileProxy, 'Error', 'an object that cannot be converted to a string'],
    ['a revoked proxy', revoked.proxy, 'Error', 'an object that cannot be converted to a string'],
    ['getters that throw', hostileGetters, 'Error', '{}'],
    ['a message that is no text', { message: 7, name: 8 }, 'Error', '{"message":7,"name":8}'],
    ['toJSON that throws', { toJSON: throwing }, 'Error', '[object Object]'],
    ['toJSON that returns nothing', { toJSON: () => undefined }, 'Error', '[object Object]'],
    ['line feeds and colours', new Error('a\nb\u001b[31m'), 'Error', 'a\\nb\\u001b[31m'],
    ['a name with a line feed', Object.assign(new Error('m'), { name: 'A\nB' }), 'A\\nB', 'm'],
  ])('%s', (_what, thrown, name, message) => {
    expect(failureOf(thrown)).toMatchObject({ kind: 'error', name, message });
  });

  test('a function is described by its text', () => {
    expect(failureOf(() => 1).message).toContain('=>');
  });

  test('names, messages and stacks are bounded, whatever their size', () => {
    const huge = Object.assign(new Error('\u0000é'.repeat(500_000)), {
      name: 'N'.repeat(1_000_000),
      stack: 's\n'.repeat(500_000),
    });
    const { name, message, stack = '' } = failureOf(huge);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(128);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4096);
    expect(Buffer.byteLength(stack)).toBeLessThanOrEqual(16_384);
    expect(Buffer.byteLength(stack)).toBeGreaterThan(16_000);
  });

  test('a stack keeps its lines and no control character', () => {
    expect(failureOf({ stack: 'Error: x\n    at y\u001b[2J' }).stack).toBe('Error: x\n    at y\\u001b[2J');
  });

  property('any value at all', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    return fc.property(anything, (thrown) => {
      const failure = failureOf(thrown);
      expect(Buffer.byteLength(failure.message)).toBeLessThanOrEqual(4096);
      expect(failure.message).not.toMatch(/\p{Cc}/u);
      expect(failure.fingerprint).toMatch(/^[0-9a-f]{12}$/);
      expect(() => JSON.stringify(failure)).not.toThrow();
    });
  });
});

test.each<[FailureKind, boolean]>([
  ['error', false],
  ['timeout', false],
  ['no-report', false],
  ['rejected', true],
  ['schema', true],
  ['missing', true],
  ['replaced', true],
  ['malformed', true],
])('%s: for good is %s', (kind, forGood) => {
  expect(isForGood(kind)).toBe(forGood);
});

describe('reasonOf', () => {
  test.each([
    ['Error', 'it broke', 'it broke'],
    ['SmtpError', 'refused', 'SmtpError: refused'],
    ['SmtpError', '', 'SmtpError'],
    ['Error', '', 'Error'],
  ])('%s with %j is %j', (name, message, reason) => {
    expect(reasonOf(makeFailure('error', name, message))).toBe(reason);
  });

  property('it is at most 256 bytes on one line', () =>
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), fc.string({ unit: 'binary' }), (m, n) => {
      const reason = reasonOf(makeFailure('error', n, m));
      expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(256);
      expect(reason).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    }),
  );
});

test('a missing report is a failure of its own kind, which a retry may mend', () => {
  expect(noReport()).toMatchObject({ kind: 'no-report', message: 'no report from the last attempt' });
});

describe('fingerprintOf', () => {
  test.each([
    ['counts', 'got 3 of 10 rows', 'got 71 of 9999 rows'],
    ['addresses', 'connect ECONNREFUSED 10.0.0.1:587', 'connect ECONNREFUSED 192.168.7.22:25'],
    ['UUIDs', 'no user 0b1d9ff0-9c9d-4d8e-8a4b-6c8c8f4a0b6e', 'no user D0B1D9FF-9C9D-4D8E-8A4B-6C8C8F4A0B6E'],
    ['hexadecimal ids', 'no object 507f1f77bcf86cd799439011', 'no object 65b2c3d4e5f60718293a4b5c'],
    ['pointers', 'at 0x7fff5fbff8c0', 'at 0xdeadbeef'],
    ['quoted values', 'no column "name"', 'no column "e-mail"'],
    ['single-quoted values', "no column 'name'", "no column 'e-mail'"],
    ['single-quoted values after an apostrophe', "can't find user 'bob'", "can't find user 'alice'"],
    ['e-mail addresses', '550 <bob@example.com>: unknown', '550 <alice.b+c@mail.example.org>: unknown'],
    ['upper and lower case', 'Connection Refused', 'connection refused'],
    ['what comes after the first 1024 characters', `${'x'.repeat(1024)}a`, `${'x'.repeat(1024)}b`],
  ])('%s do not count', (_what, a, b) => {
    expect(fingerprintOf('Error', a)).toBe(fingerprintOf('Error', b));
  });

  test.each([
    ['other words', 'connection refused', 'connection reset'],
    ['words of hexadecimal letters only', 'the facade broke', 'the decade broke'],
    ['words around apostrophes', "can't read the file, isn't it", "can't write the file, isn't it"],
  ])('%s do count', (_what, a, b) => {
    expect(fingerprintOf('Error', a)).not.toBe(fingerprintOf('Error', b));
  });

  test('the name counts', () => {
    expect(fingerprintOf('TypeError', 'x')).not.toBe(fingerprintOf('RangeError', 'x'));
  });

  test('it ends on any text, quotes without an end among them', () => {
    for (const text of [
      `'${'a'.repeat(100_000)}`,
      '"'.repeat(50_000),
      "'a".repeat(50_000),
      '@'.repeat(50_000),
    ]) {
      expect(fingerprintOf('Error', text)).toMatch(/^[0-9a-f]{12}$/);
    }
  });
});

test('nobody can change a failure, since everybody who fails alike has the same', () => {
  const failure = makeFailure('error', 'Error', 'alike');
  expect(makeFailure('error', 'Error', 'alike')).toBe(failure);
  expect(() => Object.assign(failure, { message: 'altered' })).toThrow(TypeError);
});
