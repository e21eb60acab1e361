import { expect, test } from 'vitest';
import { Answers } from '../../../../src/lib/waterfall/worker/answers.js';

function setUp() {
  const clock = { now: 1000 };
  return { clock, answers: new Answers(() => clock.now) };
}

test('before the first answer nobody knows, once it is asked', () => {
  const { answers } = setUp();
  expect(answers.missing(false)).toBeUndefined();
  expect(answers.missing(true)).toMatchObject({ why: 'no answer yet', since: 1000 });
  answers.heard();
  expect(answers.missing(true)).toBeUndefined();
});

test('one that is gone is missing, asked or not, until it answers; the silence counts from its beginning', () => {
  const { answers, clock } = setUp();
  answers.heard();
  clock.now = 2000;
  answers.unsure();
  clock.now = 3000;
  answers.gone('Consumer Deleted');
  expect(answers.missing(false)).toMatchObject({ why: 'Consumer Deleted', since: 2000 });
  answers.heard();
  clock.now = 4000;
  answers.gone('nothing answers for it');
  expect(answers.missing(true)).toMatchObject({ why: 'nothing answers for it', since: 4000 });
});
