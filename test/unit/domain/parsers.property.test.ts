import fc from 'fast-check';
import { expect } from 'vitest';
import { formatSize, parseSize } from '../../../src/lib/config/schema/size.js';
import { formatDeadLetterId, parseDeadLetterId } from '../../../src/lib/domain/dead-letter.js';
import { formatDuration, longestDurationMs, parseDuration } from '../../../src/lib/domain/duration.js';
import { parseMoment } from '../../../src/lib/domain/moment.js';
import {
  filterContains,
  filtersOverlap,
  isFilter,
  isName,
  isSubject,
  parseRecordSubject,
  pointerFilter,
  pointerSubject,
  recordSubject,
  subjectMatches,
} from '../../../src/lib/domain/subjects.js';
import { isNanos, isoOfNanos, nanosOfRfc3339 } from '../../../src/lib/domain/time.js';
import { nearly } from '../../support/hostile.js';
import { property } from '../../support/property.js';

const digits = (max: number): fc.Arbitrary<string> => fc.nat({ max }).map(String);
const both = ['accepted', 'refused'];

const duration = fc
  .array(fc.tuple(digits(400), fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w')), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.flat().join(''));

property('a duration is refused, or within its bounds and written back as the same', both, (seen) =>
  fc.property(nearly(duration), (text) => {
    const ms = parseDuration(text);
    seen(ms === undefined ? 'refused' : 'accepted');
    if (ms === undefined) return;
    expect(Number.isSafeInteger(ms) && ms >= 0 && ms <= longestDurationMs).toBe(true);
    expect(parseDuration(formatDuration(ms))).toBe(ms);
  }),
);

const size = fc
  .tuple(digits(999_999), fc.constantFrom('', '.5', '.125'), fc.constantFrom('', ' '), unitOfSize())
  .map((parts) => parts.join(''));

function unitOfSize(): fc.Arbitrary<string> {
  return fc.constantFrom('', 'B', 'KB', 'MiB', 'GB', 'TiB');
}

property('a size is refused, or a count of bytes that is written back as the same', both, (seen) =>
  fc.property(nearly(size), (text) => {
    const bytes = parseSize(text);
    seen(bytes === undefined ? 'refused' : 'accepted');
    if (bytes === undefined) return;
    expect(Number.isSafeInteger(bytes) && bytes > 0).toBe(true);
    expect(parseSize(formatSize(bytes))).toBe(bytes);
  }),
);

const iso = fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true }).chain((date) => {
  const text = date.toISOString();
  return fc.constantFrom(text, text.slice(0, 10), `${text.slice(0, 16)}Z`, `${text.slice(0, 19)}+02:00`);
});

property('a moment is refused, or a time that can be shown', both, (seen) =>
  fc.property(fc.oneof(nearly(iso), nearly(duration)), fc.nat({ max: 4_102_444_800_000 }), (text, nowMs) => {
    const ms = parseMoment(text, nowMs);
    seen(ms === undefined ? 'refused' : 'accepted');
    if (ms !== undefined) expect(() => new Date(ms).toISOString()).not.toThrow();
  }),
);

const rfc3339 = fc
  .tuple(fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true }), digits(999_999_999))
  .map(([date, fraction]) => `${date.toISOString().slice(0, 19)}.${fraction}Z`);

property('a time of the server is refused, or nanoseconds that can be shown', both, (seen) =>
  fc.property(nearly(rfc3339), (text) => {
    const nanos = nanosOfRfc3339(text);
    seen(nanos === undefined ? 'refused' : 'accepted');
    if (nanos === undefined) return;
    expect(isNanos(nanos)).toBe(true);
    expect(() => isoOfNanos(nanos)).not.toThrow();
  }),
);

const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);

property('an id of a dead letter is refused, or names one, and is written back as it was', both, (seen) =>
  fc.property(
    nearly(
      fc.tuple(name, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })).map((parts) => parts.join('/')),
    ),
    (text) => {
      const id = parseDeadLetterId(text);
      seen(id === undefined ? 'refused' : 'accepted');
      if (id === undefined) return;
      expect(isName(id.consumer)).toBe(true);
      expect(formatDeadLetterId(id)).toBe(text);
    },
  ),
);

const address = fc
  .tuple(
    fc.constantFrom('business', 'meta'),
    fc.constantFrom('ROUTED', 'MAX_DELIVERIES', 'ATTEMPT_FAILED'),
    name,
    fc.maxSafeNat().map(String),
    fc.constantFrom('main', 'retry', 'dlq'),
    digits(99),
  )
  .map((parts) => ['events-advisories', ...parts].join('.'));

property('a subject of the journal is refused, or an address that makes the same subject', both, (seen) =>
  fc.property(nearly(address), (subject) => {
    const found = parseRecordSubject('events-advisories', subject);
    seen(found === undefined ? 'refused' : 'accepted');
    if (found) expect(recordSubject('events-advisories', found)).toBe(subject);
  }),
);

const tokens = fc.array(fc.oneof(name, fc.constantFrom('*', 'a', 'b')), { minLength: 1, maxLength: 4 });
const filter = fc
  .tuple(tokens, fc.boolean())
  .map(([parts, open]) => [...parts, ...(open ? ['>'] : [])].join('.'));

property(
  'a subject can be told from a filter, and every subject is a filter of itself',
  ['subject', 'filter', 'neither'],
  (seen) =>
    fc.property(nearly(filter), (text) => {
      seen(isSubject(text) ? 'subject' : isFilter(text) ? 'filter' : 'neither');
      if (isSubject(text)) {
        expect(isFilter(text)).toBe(true);
        expect(subjectMatches(text, text)).toBe(true);
      }
      if (!isFilter(text)) return;
      expect(text).not.toMatch(/[\s\p{Cc}\p{Cs}]/u);
      expect(filterContains(text, text) && filtersOverlap(text, text)).toBe(true);
      expect(filterContains('>', text)).toBe(true);
    }),
);

property('matching answers for any two texts, the same in both orders', () =>
  fc.property(nearly(filter), nearly(filter), (a, b) => {
    expect(filtersOverlap(a, b)).toBe(filtersOverlap(b, a));
    if (isFilter(a) && isFilter(b) && filterContains(a, b)) expect(filtersOverlap(a, b)).toBe(true);
    if (isFilter(a) && isSubject(b)) expect(subjectMatches(a, b)).toBe(filterContains(a, b));
  }),
);

property('a pointer is matched by the filter of its own consumer, and by no other', ['other'], (seen) =>
  fc.property(name, fc.oneof(name, fc.constant('a')), fc.maxSafeNat(), (one, other, seq) => {
    seen(one === other ? 'same' : 'other');
    const subject = pointerSubject('events-dlq', one, seq);
    expect(isSubject(subject)).toBe(true);
    expect(subjectMatches(pointerFilter('events-dlq', other), subject)).toBe(one === other);
  }),
);
