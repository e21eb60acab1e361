import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fillTemplate,
  filterOfTemplate,
  partsOf,
  templateProblem,
} from '../../../src/lib/domain/subject-template.js';
import { isSubject, subjectMatches } from '../../../src/lib/domain/subjects.js';
import { property } from '../../support/property.js';

test('parts are whole tokens', () => {
  expect(partsOf('events.{tenant}.totp.{id}')).toEqual(['tenant', 'id']);
  expect(filterOfTemplate('events.{tenant}.totp.{id}')).toBe('events.*.totp.*');
  expect(partsOf('events.a')).toEqual([]);
  expect(filterOfTemplate('events.a')).toBe('events.a');
});

test.each([
  ['events.{a}.x', undefined],
  ['events.x', undefined],
  ['events.order-{a}', 'expected a part like {tenant} between two dots'],
  ['events.{}', 'expected a part like {tenant} between two dots'],
  ['events.{1a}', 'expected a part like {tenant} between two dots'],
  ['events.{a', 'expected a part like {tenant} between two dots'],
  ['events.{a}.{a}', 'expected each part once'],
])('%s', (subject, problem) => {
  expect(templateProblem(subject)).toBe(problem);
});

describe('filling in', () => {
  test.each([['acme'], ['über'], [42], [42n], ['a-b_c']])('%s', (value) => {
    expect(fillTemplate('e.{t}.x', () => value)).toEqual({ subject: `e.${value}.x` });
  });

  test.each([
    [''],
    ['a.b'],
    ['*'],
    ['>'],
    ['a b'],
    ['a\n'],
    [undefined],
    [null],
    [1.5],
    [true],
    [{}],
    ['x'.repeat(600)],
  ])('refused: %s', (value) => {
    expect(fillTemplate('e.{t}.x', () => value)).toMatchObject({ part: 't' });
  });

  property('whatever is filled in is one subject of the filter', ['filled', 'refused'], (seen) =>
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a', 'b-1', '*', '>', 'a.b')),
      (value) => {
        const filled = fillTemplate('e.{t}.x', () => value);
        seen('subject' in filled ? 'filled' : 'refused');
        if (!('subject' in filled)) return;
        expect(isSubject(filled.subject)).toBe(true);
        expect(subjectMatches('e.*.x', filled.subject)).toBe(true);
      },
    ),
  );
});
