import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { markdownTable, markdownText } from '../../../src/lib/render/markdown.js';
import { property } from '../../support/property.js';

describe('markdownText', () => {
  test.each([
    ['connect ECONNREFUSED 10.0.4.17:587', 'connect ECONNREFUSED 10.0.4.17:587'],
    ['a|b', String.raw`a\|b`],
    ['`rm`', '\\`rm\\`'],
    ['<img src=x> [x](y) ![z]', String.raw`\<img src=x\> \[x\](y) \!\[z\]`],
    ['two\nlines\u001b[2J\u202e', String.raw`two\\nlines\\u001b\[2J\\u202e`],
  ])('%j', (text, expected) => {
    expect(markdownText(text)).toBe(expected);
  });
});

const cell = fc.string({
  unit: fc.oneof(
    fc.constantFrom('|', '`', '\\', '\n', '\u001b', '<', '\u202e'),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
});

describe('markdownTable', () => {
  property(
    'whatever its cells hold, it has its rows and columns, and nothing but text in them',
    (/* seen */) =>
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 4 }), (rows) => {
        const lines = markdownTable([{ title: 'a' }, { title: 'b', align: 'right' }], rows).split('\n');
        expect(lines).toHaveLength(2 + rows.length);
        expect(lines[1]).toBe('|---|---:|');
        for (const line of lines.slice(2)) {
          const bare = line.replaceAll(/\\./g, '');
          expect(bare.match(/\|/g)).toHaveLength(3);
          expect(bare).not.toMatch(/[`<>\u0000-\u001f\u202e]/);
        }
      }),
  );
});
