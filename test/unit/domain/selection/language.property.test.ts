import fc from 'fast-check';
import { expect } from 'vitest';
import { UsageError } from '../../../../src/lib/errors.js';
import { parseSelection, parseSelectionWords } from '../../../../src/lib/domain/selection/parse.js';
import { printSelection, printTerm } from '../../../../src/lib/domain/selection/print.js';
import type { Selection } from '../../../../src/lib/domain/selection/selection.js';
import { nearly } from '../../../support/hostile.js';
import { property } from '../../../support/property.js';
import { selection } from './arbitraries.js';

property('a selection that is printed is read as the same', () =>
  fc.property(selection, (one) => {
    expect(parseSelection(printSelection(one))).toEqual(one);
  }),
);

property('each term of a selection may be a word of a command line', () =>
  fc.property(selection, ({ terms }) => {
    expect(parseSelectionWords(terms.map(printTerm))).toEqual({ terms });
  }),
);

const both = ['accepted', 'refused'];

function read(seen: (branch: string) => void, parse: () => Selection): Selection | undefined {
  try {
    const found = parse();
    seen('accepted');
    return found;
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(/, at character \d+: ./);
    seen('refused');
    return undefined;
  }
}

property(
  'text that is nearly a selection is refused with a place, or read and printed as the same',
  both,
  (seen) =>
    fc.property(nearly(selection.map(printSelection)), (text) => {
      const found = read(seen, () => parseSelection(text));
      if (found) expect(parseSelection(printSelection(found))).toEqual(found);
    }),
);

property('a word of any text is refused with a place, or read and printed as the same', both, (seen) =>
  fc.property(fc.string({ unit: 'binary' }), (word) => {
    const found = read(seen, () => parseSelectionWords([word]));
    if (found) expect(parseSelectionWords(found.terms.map(printTerm))).toEqual(found);
  }),
);
