import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvRecord } from '../../../src/lib/domain/csv.js';
import { property } from '../../support/property.js';

/** Reads one record as RFC 4180 says. */
function parse(record: string): string[] {
  const cells: string[] = [];
  const text = record.slice(0, -2);
  for (let at = 0; ; at++) {
    let cell = '';
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (text[at] === '"') at++;
        cell += text[at];
      }
      at++;
    } else for (; at < text.length && text[at] !== ','; at++) cell += text[at];
    cells.push(cell);
    if (at >= text.length) return cells;
  }
}

const special = fc.constantFrom('=', '+', '-', '@', ',', '"', '\n', '\r', '\t', '\uff1d', "'");
const cell = fc.string({
  unit: fc.oneof(special, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
  maxLength: 8,
});

describe('csvRecord', () => {
  test.each([
    [['a', 'b c', ''], 'a,b c,\r\n'],
    [['a,b', 'say "x"', 'two\nlines'], '"a,b","say ""x""","two\nlines"\r\n'],
    [['=1+1', '+1', '-1', '@SUM(A1)', '\tx'], `'=1+1,'+1,'-1,'@SUM(A1),'\tx\r\n`],
    [['=HYPERLINK("http://x")', '\uff1d1'], `"'=HYPERLINK(""http://x"")",'\uff1d1\r\n`],
    [['a=1', '1-1', "'x"], "a=1,1-1,'x\r\n"],
  ])('%j', (cells, expected) => {
    expect(csvRecord(cells)).toBe(expected);
  });

  property(
    'every reader of CSV gets the cells back, and no cell is a formula',
    ['formula', 'quoted'],
    (seen) =>
      fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), (cells) => {
        const record = csvRecord(cells);
        const found = parse(record);
        if (record.includes('"')) seen('quoted');
        if (found.some((one, i) => one !== cells[i])) seen('formula');
        expect(found.map((one, i) => (one === cells[i] ? one : one.slice(1)))).toEqual(cells);
        for (const one of found) expect(one).not.toMatch(/^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/);
      }),
  );
});
