import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { readDoc, type TableRow, tableRows } from '../../support/markdown.js';

const rows = tableRows(await readDoc('requirements.md'));

/** The tests that a row names: file below test/, and name. */
function testsOf({ cells }: TableRow): { readonly file: string; readonly name: string }[] {
  return (cells.at(-1) ?? '').split('<br>').map((one) => {
    const [, file = '', name = ''] = /^`([^`]+)` › (.+)$/.exec(one) ?? [];
    return { file, name: name.replaceAll('\\|', '|') };
  });
}

/** Numbers such as `01-03, 05` as ids. */
function ids(letter: string, ranges: string): string[] {
  return ranges.split(', ').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from(
      { length: last - first + 1 },
      (_, i) => `${letter}-${String(first + i).padStart(2, '0')}`,
    );
  });
}

async function hasTest(file: string, name: string): Promise<boolean> {
  const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8').catch(() => '');
  return ["'", '"', '`'].some((quote) => text.includes(quote + name.replaceAll(quote, `\\${quote}`) + quote));
}

describe('docs/requirements.md', () => {
  test('has one row for every requirement', () => {
    const found = rows.map(({ cells }) => cells[0] ?? '').filter((id) => /^[A-Z]-\d+$/.test(id));
    expect(found).toEqual([
      ...ids('P', '01-64'),
      // 86 to 88, 90 and 94 are plans of the documents themselves, and left out.
      ...ids('J', '01-85, 89, 91-93, 95'),
      ...ids('D', '01-63'),
      ...ids('N', '01-44'),
    ]);
    expect(found).toHaveLength(261);
    expect(
      rows.filter(({ section }) => section.startsWith('Defects')).map(({ cells }) => Number(cells[0])),
    ).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(rows.filter(({ section }) => section === 'Traps')).toHaveLength(19);
  });

  test('names tests that exist', async () => {
    const named = rows.flatMap((row) => testsOf(row));
    expect(named.length).toBeGreaterThan(150);
    const found = await Promise.all(
      named.map(async ({ file, name }) => ((await hasTest(file, name)) ? [] : [`${file}: ${name}`])),
    );
    expect(found.flat()).toEqual([]);
  });
});
