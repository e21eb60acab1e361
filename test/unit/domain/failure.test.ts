import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Failure,
  failureOf,
  type FailureKind,
  isForGood,
  makeFailure,
  noReport,
  reasonOf,
  withFingerprint,
} from '../../../src/lib/domain/failure.js';
import { chosenFingerprint, fingerprintOf } from '../../../src/lib/domain/fingerprint.js';
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
    ['an object of a class, without a field', new Map([[1, 2]]), 'Error', 'Map'],
    ['an answer of fetch', new Response('x', { status: 503 }), 'Error', 'Response 503'],
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

describe('the fingerprint of a failure', () => {
  test('is that of its name, its message and its code', () => {
    expect(makeFailure('error', 'E', 'no', { code: '23505' })).toMatchObject({
      code: '23505',
      fingerprint: fingerprintOf('E', 'no', '23505'),
      fingerprintBy: 'shape',
    });
    expect(makeFailure('error', 'E', 'no')).toEqual({
      kind: 'error',
      name: 'E',
      message: 'no',
      fingerprint: fingerprintOf('E', 'no'),
      fingerprintBy: 'shape',
    });
  });

  test.each<[string, object, unknown]>([
    ['a text', { code: 'EAUTH' }, 'EAUTH'],
    ['a number', { code: 11_000 }, '11000'],
    ['a reply of SMTP', { responseCode: 450 }, '450'],
    ['a status', { status: 429 }, '429'],
    ['the most exact', { status: 400, code: 'card_declined' }, 'card_declined'],
    ['none that is no text', { code: {} }, undefined],
    ['none that is empty', { code: '', status: Number.NaN }, undefined],
    ['a bounded one', { code: 'x'.repeat(5000) }, expect.stringMatching(/^x{50,64}…?$/)],
  ])('the code of an error is %s', (_what, facts, code) => {
    expect(failureOf(Object.assign(new Error('no'), facts)).code).toEqual(code);
  });

  test('a handler may choose it, whatever else the error says', () => {
    const chosen = (message: string): Failure =>
      failureOf(Object.assign(new Error(message), { fingerprint: 'smtp down' }));
    expect(chosen('one')).toMatchObject({
      fingerprint: chosenFingerprint('smtp down'),
      fingerprintBy: 'handler',
    });
    expect(chosen('one').fingerprint).toBe(chosen('two words').fingerprint);
    expect(failureOf(Object.assign(new Error('one'), { fingerprint: 7 })).fingerprintBy).toBe('shape');
  });

  test('two in a row with one message keep their own code and choice', () => {
    const made = [{ code: 'A' }, { code: 'B' }, { fingerprint: 'x' }, {}].map(
      (facts) => makeFailure('error', 'E', 'no', facts).fingerprint,
    );
    expect(new Set(made).size).toBe(4);
  });

  test('one of an earlier version gets that of today, and the others keep theirs', () => {
    const old = { kind: 'error', name: 'E', message: 'got 3 of 10', fingerprint: '0123456789ab' } as const;
    expect(withFingerprint(old)).toEqual({
      ...old,
      fingerprint: fingerprintOf('E', 'got 7 of 99'),
      fingerprintBy: 'shape',
    });
    const own = { ...old, fingerprintBy: 'handler' } as const;
    expect(withFingerprint(own)).toBe(own);
  });
});

test('nobody can change a failure, since everybody who fails alike has the same', () => {
  const failure = makeFailure('error', 'Error', 'alike');
  expect(makeFailure('error', 'Error', 'alike')).toBe(failure);
  expect(() => Object.assign(failure, { message: 'altered' })).toThrow(TypeError);
});
