import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failureOf, reasonOf } from '../../../src/lib/domain/failure.js';
import { fingerprintOf } from '../../../src/lib/domain/fingerprint.js';
import { property } from '../../support/property.js';

const refused = (port = 9): Error =>
  Object.assign(new Error(`connect ECONNREFUSED 127.0.0.1:${port}`), { code: 'ECONNREFUSED' });
const fetchFailed = (cause: unknown): Error => new TypeError('fetch failed', { cause });

function chain(length: number): Error {
  let error = new Error('error 0');
  for (let n = 1; n < length; n++) error = new Error(`error ${n}`, { cause: error });
  return error;
}

function cycle(): Error {
  const one: Error & { cause?: unknown } = new Error('one');
  one.cause = new AggregateError([one, new Error('two', { cause: one })], 'both');
  return one;
}

const throwing = (): never => {
  throw new Error('a trap');
};

describe('what was behind an error stands in its message', () => {
  test.each<[string, unknown, string]>([
    ['its cause', fetchFailed(refused()), 'fetch failed; cause: connect ECONNREFUSED 127.0.0.1:9'],
    [
      'each cause down to the first',
      new Error('could not update the CRM', { cause: fetchFailed(refused()) }),
      'could not update the CRM; cause: TypeError: fetch failed; cause: connect ECONNREFUSED 127.0.0.1:9',
    ],
    [
      'the errors of several attempts',
      new AggregateError(
        [new Error('primary: 503'), new Error('secondary: 401')],
        'All promises were rejected',
      ),
      'All promises were rejected; cause: primary: 503; cause: secondary: 401',
    ],
    [
      'those of one that only holds them',
      new AggregateError([refused(1), refused(2)]),
      'connect ECONNREFUSED 127.0.0.1:1; cause: connect ECONNREFUSED 127.0.0.1:2',
    ],
    [
      'a code that the text does not have',
      fetchFailed(Object.assign(new Error('Connect Timeout'), { code: 'UND_ERR' })),
      'fetch failed; cause: Connect Timeout (UND_ERR)',
    ],
    ['no code twice', fetchFailed(refused()), 'fetch failed; cause: connect ECONNREFUSED 127.0.0.1:9'],
    [
      'nothing that its wrapper says already',
      new Error(`sent: ${refused().message}`, { cause: refused() }),
      'sent: connect ECONNREFUSED 127.0.0.1:9',
    ],
    ['a text', new Error('no', { cause: 'the queue is full' }), 'no; cause: the queue is full'],
    ['an object', new Error('no', { cause: { status: 503 } }), 'no; cause: {"status":503}'],
    ['a number', new Error('no', { cause: 42 }), 'no; cause: 42'],
    ['none, where it is null', new Error('no', { cause: null }), 'no'],
    ['a cycle, once', cycle(), 'one; cause: both; cause: two'],
    ['what is no list', Object.assign(new Error('no'), { errors: 'three' }), 'no'],
    [
      'a getter that throws',
      Object.defineProperties(new Error('no'), { cause: { get: throwing }, errors: { get: throwing } }),
      'no',
    ],
    [
      'a cause whose getters throw',
      new Error('no', { cause: Object.defineProperty({}, 'message', { get: throwing }) }),
      'no; cause: {}',
    ],
  ])('%s', (_what, thrown, message) => {
    expect(failureOf(thrown).message).toBe(message);
  });

  test('at most eight of them', () => {
    expect(failureOf(chain(100)).message.split('; cause: ')).toEqual(
      Array.from({ length: 9 }, (_, n) => `error ${99 - n}`),
    );
    const wide = new AggregateError(
      Array.from({ length: 1000 }, (_, n) => new Error(`no ${n}`)),
      'all',
    );
    expect(failureOf(wide).message.split('; cause: ')).toHaveLength(9);
  });
});

test('different causes are different groups, another port is another cause, and another host is the same', () => {
  const dns = Object.assign(new Error('getaddrinfo ENOTFOUND crm.invalid'), { code: 'ENOTFOUND' });
  const elsewhere = new Error('connect ECONNREFUSED 10.0.4.17:1');
  const prints = [refused(1), elsewhere, refused(2), dns].map(
    (cause) => failureOf(fetchFailed(cause)).fingerprint,
  );
  expect(prints[0]).toBe(prints[1]);
  expect(new Set(prints).size).toBe(3);
  const long = 'x'.repeat(5000);
  const deep = (cause: Error): string => failureOf(new Error(long, { cause })).fingerprint;
  expect(deep(refused())).not.toBe(deep(dns));
});

test('without a cause the fingerprint is that of name, message and code', () => {
  for (const error of [new TypeError('no x'), new RangeError(), Object.assign(new Error('a'), { code: 'X' })])
    expect(failureOf(error).fingerprint).toBe(
      fingerprintOf(error.name, error.message, 'code' in error ? String(error.code) : undefined),
    );
});

test('the reason shows the first cause, however long the rest is', () => {
  const reason = reasonOf(failureOf(new Error('y'.repeat(3000), { cause: fetchFailed(refused()) })));
  expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(256);
  expect(reason).toMatch(/^y+.*…; cause: connect ECONNREFUSED 127\.0\.0\.1:9$/);
});

test('the stack has that of each cause', () => {
  const error = new Error('outer', { cause: fetchFailed(refused()) });
  const { stack = '' } = failureOf(error);
  expect(stack.split('\ncaused by: ').map((one) => one.split('\n')[0])).toEqual([
    'Error: outer',
    'TypeError: fetch failed',
    'Error: connect ECONNREFUSED 127.0.0.1:9',
  ]);
  const huge = Object.assign(chain(9), { stack: 'z'.repeat(100_000) });
  expect(Buffer.byteLength(failureOf(huge).stack ?? '')).toBeLessThanOrEqual(16_384);
  expect(failureOf(huge).stack).toContain('caused by: Error: error 0');
});

property('whatever is behind it, a failure is bounded and printable', () => {
  const tree = fc.letrec((tie) => ({
    node: fc.record({
      message: fc.string({ unit: 'binary' }),
      cause: fc.option(fc.oneof(fc.anything(), tie('node'))),
      errors: fc.option(fc.oneof(fc.anything(), fc.array(tie('node'), { maxLength: 3 }))),
    }),
  })).node;
  return fc.property(tree, (thrown) => {
    const failure = failureOf(thrown);
    expect(Buffer.byteLength(failure.message)).toBeLessThanOrEqual(4096);
    expect(Buffer.byteLength(reasonOf(failure))).toBeLessThanOrEqual(256);
    expect(reasonOf(failure)).not.toMatch(/[\n\r\u001b]/);
  });
});
