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
      ...ids('P', '01-45, 49-51, 61, 62'),
      ...ids('J', '03, 04, 18-42, 44, 45, 47-52, 54, 56-58, 61-84, 89, 91, 92, 95'),
      ...ids('D', '05-10, 16-18, 20, 26, 30-58, 60, 62, 63'),
      ...ids('N', '03, 04, 06, 10-13, 15, 18-23, 25, 28-30, 32, 35-38, 41-43'),
    ]);
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
