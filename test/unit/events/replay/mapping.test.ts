import { expect, test } from 'vitest';
import { readMapping } from '../../../../src/lib/events/replay/mapping.js';

test.each([
  ['load.all', 'events.a.b', 'load.all'],
  ['events.>=load.>', 'events.a.b', 'load.a.b'],
  ['events.*.created=copy.new.*', 'events.user.created', 'copy.new.user'],
  ['events.*.*=x.*.and.*', 'events.a.b', 'x.a.and.b'],
  ['events.*.>=all.>', 'events.a.b.c', 'all.b.c'],
  ['events.*.>=all.*', 'events.a.b.c', 'all.a'],
  ['events.a=one', 'events.a', 'one'],
  ['events.größe=copy.größe', 'events.größe', 'copy.größe'],
  ['events.a=one', 'events.b', undefined],
])('%s: %s becomes %s', (mapping, subject, expected) => {
  expect(readMapping(mapping).map(subject)).toBe(expected);
});

test.each([
  ['events.>', 'it has a wildcard'],
  ['', 'it is empty'],
  ['a b', 'it has white space'],
  ['events.a=load.*', 'load.* has wildcards that events.a does not have'],
  ['events.*=load.*.*', 'does not have'],
  ['events.*=load.>', 'does not have'],
  ['events.>=load.*', 'does not have'],
  ['events.>.x=load.>', 'found "events.>.x"'],
  ['events.>=', 'found ""'],
  ['=load', 'found ""'],
  ['a=b=c d', 'found "b=c d"'],
  ['events.>=load\u001b[2J x.>', 'load\\u001b[2J'],
])('refused: %s', (mapping, part) => {
  expect(() => readMapping(mapping)).toThrow(expect.objectContaining({ code: 'BAD_MAPPING', exitCode: 2 }));
  expect(() => readMapping(mapping)).toThrow(part);
});
