import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  filterContains,
  filterFault,
  filtersOverlap,
  isFilter,
  isName,
  isNativeAdvisory,
  isSubject,
  nameFault,
  nativeAdvisoryFilter,
  parseRecordSubject,
  pointerFilter,
  pointerSubject,
  type RecordAddress,
  recordFilter,
  recordSubject,
  subjectFault,
  subjectMatches,
} from '../../../src/lib/domain/subjects.js';
import { exhaustionKinds, isExhaustion, recordKinds } from '../../../src/lib/domain/record-kinds.js';
import { property } from '../../support/property.js';

const root = 'events-advisories';
const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);

const address: fc.Arbitrary<RecordAddress> = fc.record({
  tier: fc.constantFrom('business', 'meta'),
  kind: fc.constantFrom(...recordKinds),
  consumer: name,
  seq: fc.maxSafeNat(),
  stage: fc.constantFrom('main', 'retry', 'dlq'),
  cycle: fc.nat(),
});

describe('a record subject', () => {
  test('names its address in the order of the design', () => {
    const subject = recordSubject(root, {
      tier: 'business',
      kind: 'MAX_DELIVERIES',
      consumer: 'notifications-consumer',
      seq: 42,
      stage: 'main',
      cycle: 0,
    });
    expect(subject).toBe('events-advisories.business.MAX_DELIVERIES.notifications-consumer.42.main.0');
  });

  property('parses back to the same address, and is a subject that can be published on', () =>
    fc.property(address, (address) => {
      const subject = recordSubject(root, address);
      expect(parseRecordSubject(root, subject)).toEqual(address);
      expect(isSubject(subject)).toBe(true);
    }),
  );

  property('is matched by the filter of its own tier, kind and consumer, and by no other', () =>
    fc.property(address, address, (a, b) => {
      const subject = recordSubject(root, a);
      const same = a.tier === b.tier && a.kind === b.kind;
      expect(subjectMatches(recordFilter(root, b.tier, b.kind), subject)).toBe(same);
      expect(subjectMatches(recordFilter(root, b.tier, b.kind, b.consumer), subject)).toBe(
        same && a.consumer === b.consumer,
      );
    }),
  );

  test.each([
    ['another root', 'other.business.ROUTED.c.1.main.0'],
    ['the root alone', 'events-advisories'],
    ['a root that only begins alike', 'events-advisories-2.business.ROUTED.c.1.main.0'],
    ['an unknown tier', 'events-advisories.super.ROUTED.c.1.main.0'],
    ['an unknown kind', 'events-advisories.business.BROKEN.c.1.main.0'],
    ['an unknown stage', 'events-advisories.business.ROUTED.c.1.late.0'],
    ['a token too few', 'events-advisories.business.ROUTED.c.1.main'],
    ['a token too many', 'events-advisories.business.ROUTED.c.1.main.0.x'],
    ['an empty consumer', 'events-advisories.business.ROUTED..1.main.0'],
    ['a sequence that is no number', 'events-advisories.business.ROUTED.c.x.main.0'],
    ['a sequence with a leading zero', 'events-advisories.business.ROUTED.c.01.main.0'],
    ['a negative sequence', 'events-advisories.business.ROUTED.c.-1.main.0'],
    ['a sequence beyond exact numbers', 'events-advisories.business.ROUTED.c.9007199254740993.main.0'],
    ['a cycle in another notation', 'events-advisories.business.ROUTED.c.1.main.1e3'],
  ])('%s is none of ours', (_what, subject) => {
    expect(parseRecordSubject(root, subject)).toBeUndefined();
  });
});

test('a pointer stands on the subject of its consumer and sequence', () => {
  expect(pointerSubject('events-retry', 'c', 42)).toBe('events-retry.c.42');
  expect(subjectMatches(pointerFilter('events-retry', 'c'), 'events-retry.c.42')).toBe(true);
  expect(subjectMatches(pointerFilter('events-retry', 'c'), 'events-retry.c-2.42')).toBe(false);
});

test('exactly two kinds end a stage', () => {
  expect(recordKinds.filter(isExhaustion)).toEqual([...exhaustionKinds]);
});

test("the server's own advisories are known by their subject", () => {
  const filter = nativeAdvisoryFilter('MAX_DELIVERIES', 'events');
  const subject = '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.notifications-consumer';
  expect(subjectMatches(filter, subject)).toBe(true);
  expect(isNativeAdvisory(subject)).toBe(true);
  expect(isNativeAdvisory('events-advisories.business.MAX_DELIVERIES.c.1.main.0')).toBe(false);
});

describe('matching', () => {
  test.each([
    ['a.b', 'a.b', true],
    ['a.b', 'a', false],
    ['a', 'a.b', false],
    ['a.*', 'a.b', true],
    ['a.*', 'a', false],
    ['a.*', 'a.b.c', false],
    ['*.b', 'a.b', true],
    ['a.>', 'a.b', true],
    ['a.>', 'a.b.c', true],
    ['a.>', 'a', false],
    ['>', 'a', true],
    ['>', 'a.b.c', true],
    ['A', 'a', false],
  ])('%s matches %s: %s', (filter, subject, matches) => {
    expect(subjectMatches(filter, subject)).toBe(matches);
  });

  const tokens = ['a', 'b'];
  const longest = 4;
  /** Every subject of up to four tokens over two letters: enough to tell filters of up to three apart. */
  const universe = Array.from({ length: longest }, (_, i) => i + 1).flatMap((length) =>
    Array.from({ length: tokens.length ** length }, (_, n) =>
      Array.from({ length }, (_, i) => tokens[Math.floor(n / tokens.length ** i) % tokens.length]).join('.'),
    ),
  );
  const filter = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 3 }), fc.boolean())
    .map(([parts, open]) => [...parts, ...(open || parts.length === 0 ? ['>'] : [])].join('.'));

  property('two filters overlap exactly when some subject matches both', () =>
    fc.property(filter, filter, (a, b) => {
      const both = universe.some((subject) => subjectMatches(a, subject) && subjectMatches(b, subject));
      expect(filtersOverlap(a, b)).toBe(both);
      expect(filtersOverlap(b, a)).toBe(both);
    }),
  );

  property('one filter contains another exactly when it matches each of its subjects', () => {
    // A third letter stands for all that no filter names.
    const wide = [...universe, ...universe.map((subject) => subject.replaceAll('b', 'c'))];
    return fc.property(filter, filter, (outer, inner) => {
      const all = wide.every((subject) => !subjectMatches(inner, subject) || subjectMatches(outer, subject));
      expect(filterContains(outer, inner)).toBe(all);
    });
  });

  property('a subject is a filter that contains and overlaps what matches it', () =>
    fc.property(filter, fc.constantFrom(...universe), (filter, subject) => {
      const matches = subjectMatches(filter, subject);
      expect(filterContains(filter, subject)).toBe(matches);
      expect(filtersOverlap(filter, subject)).toBe(matches);
    }),
  );
});

describe('what can stand in a subject', () => {
  test.each([
    ['a', true, true],
    ['a.b', true, true],
    ['$JS.API', true, true],
    ['a+b/c:d', true, true],
    ['a.*', false, true],
    ['*', false, true],
    ['a.>', false, true],
    ['>', false, true],
    ['a.>.b', false, false],
    ['a*', false, false],
    ['a>', false, false],
    ['', false, false],
    ['.a', false, false],
    ['a.', false, false],
    ['a..b', false, false],
    ['a b', false, false],
    ['a\n', false, false],
    ['ä', true, true],
    ['events.order.größe', true, true],
    ['events.注文.*', false, true],
    ['a\u00a0b', false, false],
    ['a\u0001b', false, false],
    ['a\ud800', false, false],
    ['ä'.repeat(300), false, false],
    ['x'.repeat(512), true, true],
    ['x'.repeat(513), false, false],
  ])('%j: a subject %s, a filter %s', (text, subject, filter) => {
    expect(isSubject(text)).toBe(subject);
    expect(isFilter(text)).toBe(filter);
  });

  test.each([
    ['notifications-consumer', true],
    ['A_1', true],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    ['', false],
    ['a.b', false],
    ['a b', false],
    ['a/b', false],
    ['a*', false],
    ['a>', false],
    ['a\n', false],
    ['ä', false],
  ])('%j is a name: %s', (text, is) => {
    expect(isName(text)).toBe(is);
  });
});

test.each([
  ['', 'it is empty'],
  ['.a', 'it begins with a dot'],
  ['a.', 'it ends with a dot'],
  ['a..b', 'a part of it is empty'],
  ['a b', 'it has white space'],
  ['a\u0007b', 'it has a control character'],
  ['x'.repeat(513), 'it has 513 bytes, and a subject at most 512'],
  ['a.*', 'it has a wildcard'],
])('what is wrong with the subject %j is said', (text, fault) => {
  expect(isSubject(text)).toBe(false);
  expect(subjectFault(text)).toBe(fault);
  if (fault !== 'it has a wildcard') expect(filterFault(text)).toBe(fault);
});

test('a wildcard is a whole part', () => {
  expect(filterFault('a.b*')).toBe('a wildcard is a whole part, and > the last one');
});

test.each([
  ['', 'it is empty'],
  ['a.b', 'it has a dot'],
  ['a b', 'it has white space'],
  ['a\u0007', 'it has a control character'],
  ['a>', 'it has a wildcard'],
  ['café', 'it has é'],
  ['x'.repeat(129), 'it is 129 long'],
])('what is wrong with the name %j is said', (text, fault) => {
  expect(isName(text)).toBe(false);
  expect(nameFault(text)).toBe(fault);
});
