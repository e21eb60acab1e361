import { describe, expect, test } from 'vitest';
import { groupingAccuracy } from './accuracy.js';
import { causes, sources } from './vary.js';

const half = (which: 'seen' | 'unseen'): ReturnType<typeof groupingAccuracy> =>
  groupingAccuracy(causes.filter((cause) => cause.half === which));

test('the corpus has at least 300 causes from 40 sources, no two the same', () => {
  expect(sources.length).toBeGreaterThanOrEqual(40);
  expect(causes.length).toBeGreaterThanOrEqual(300);
  expect(new Set(causes.map(({ name, messages }) => `${name}\n${messages.join('\n')}`)).size).toBe(
    causes.length,
  );
});

describe('grouping accuracy', () => {
  test('of the half that was looked at while the rules were written', ({ annotate }) => {
    const { accuracy, wrong } = half('seen');
    void annotate(`${accuracy.toFixed(4)} of the seen half`);
    expect(accuracy, wrong.join('\n')).toBeGreaterThanOrEqual(0.98);
  });

  test('of the half that was not', () => {
    const { accuracy, messages } = half('unseen');
    // An annotation is printed of failed tests only.
    console.log(`grouping accuracy ${accuracy.toFixed(4)} of ${messages} messages of the unseen half`);
    expect(accuracy).toBeGreaterThanOrEqual(0.98);
  });
});
