import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { subjectMatches } from '../../../src/lib/domain/subjects.js';
import { beyond, intersectFilters } from '../../../src/lib/topology/filters.js';
import { property } from '../../support/property.js';

describe('intersectFilters', () => {
  it.each([
    ['events.a', 'events.a', 'events.a'],
    ['events.>', 'events.a', 'events.a'],
    ['events.a', 'events.>', 'events.a'],
    ['events.*.a', 'events.b.*', 'events.b.a'],
    ['events.*', 'events.>', 'events.*'],
    ['events.a', 'events.b', undefined],
    ['events.a', 'events.a.b', undefined],
    ['events.>', 'events', undefined],
  ])('%s and %s: %s', (a, b, both) => {
    expect(intersectFilters(a, b)).toBe(both);
  });

  property('matches exactly what both match', () => {
    const literal = fc.constantFrom('a', 'b');
    const subject = fc.array(literal, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'));
    const filter = fc
      .tuple(fc.array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([tokens, open]) => [...tokens, ...(open ? ['>'] : [])].join('.'));
    return fc.property(filter, filter, subject, (a, b, one) => {
      const both = intersectFilters(a, b);
      expect(both !== undefined && subjectMatches(both, one)).toBe(
        subjectMatches(a, one) && subjectMatches(b, one),
      );
    });
  });
});

describe('beyond', () => {
  it('is what one list matches and the other does not, with the part that is not new', () => {
    expect(beyond(['events.>', 'orders.a'], ['events.a', 'orders.>'])).toEqual([
      { filter: 'events.>', shared: ['events.a'] },
    ]);
    expect(beyond(['events.a'], ['events.a'])).toEqual([]);
    expect(beyond(['events.b'], ['events.a'])).toEqual([{ filter: 'events.b', shared: [] }]);
  });
});
