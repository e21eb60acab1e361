import { expect, test } from 'vitest';
import { testBed } from '../support/pipeline.js';

const published = ['order.placed', 'order.eu.placed', 'order', 'user.placed', 'order.paid', 'placed'];

test.each([
  ['one token in the middle or at the end', ['events.order.*'], ['order.placed', 'order.paid']],
  ['one token, whichever', ['events.*.placed'], ['order.placed', 'user.placed']],
  ['one or more at the end', ['events.order.>'], ['order.placed', 'order.eu.placed', 'order.paid']],
  ['everything', ['events.>'], published],
  [
    'several, each event once',
    ['events.order.*', 'events.user.>'],
    ['order.placed', 'user.placed', 'order.paid'],
  ],
  ['a subject without wildcards', ['events.order'], ['order']],
])('a consumer reads what its subjects match: %s', async (_, subjects, expected) => {
  const bed = await testBed({ events: [], consumers: [{ name: 'reader', subjects }] });
  const read: string[] = [];
  const run = await bed.run({ reader: (event) => void read.push(event.type) });
  for (const type of published) await bed.publish(type);
  await run.until(() => run.count('succeeded') === expected.length);
  await bed.quiet();
  expect(read.toSorted((a, b) => a.localeCompare(b))).toEqual(
    expected.toSorted((a, b) => a.localeCompare(b)),
  );
});
