import { expect, test } from 'vitest';
import { subjectsStored } from '../../../src/lib/domain/subject-transform.js';

test.each<[string, string, string[], string[]]>([
  ['events.>', 'other.>', ['events.>'], ['other.>']],
  ['', 'all.>', ['a.*', 'b'], ['all.>']],
  ['events.order.*', 'orders.{{wildcard(1)}}', ['events.>'], ['events.>', 'orders.*']],
  ['events.*.>', 'events.{{partition(10,1)}}.{{wildcard(1)}}.>', ['events.>'], ['events.>', 'events.*.*.>']],
  ['events.*', 'x.$1.y', ['events.*'], ['x.*.y']],
  ['events.*', 'x.{{split(1,.)}}.y', ['events.*'], ['x.>']],
  ['events.>', 'other.>', ['jobs.>'], ['jobs.>']],
])('%s to %s: %j is stored as %j', (src, dest, subjects, stored) => {
  expect(subjectsStored(subjects, { src, dest })).toEqual(stored);
});
