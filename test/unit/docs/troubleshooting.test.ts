import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { codeSpans, readDoc, tableRows } from '../../support/markdown.js';

const src = fileURLToPath(new URL('../../../src/', import.meta.url));

/** Where a source says a code: beside the word code, in a table of reasons, or as a constant of that name. */
const places = [
  /\bcode(?:: string)?\s?(?:[:=]|\?\?)[^;\n]*/g,
  /'[a-z]+(?:-[a-z]+)+': '[A-Z_]+'/g,
  /\b[A-Z]+(?:_[A-Z]+)+ = '[A-Z_]+'/g,
];

async function codesOfSources(): Promise<string[]> {
  const codes = new Set<string>();
  const files = (await readdir(src, { recursive: true })).filter((name) => name.endsWith('.ts'));
  for (const file of files) {
    const text = await readFile(path.join(src, file), 'utf8');
    for (const [said] of places.flatMap((place) => [...text.matchAll(place)])) {
      // The codes of the system (ENOENT, …) are not ours.
      for (const [, code] of said.matchAll(/'([A-Z]+(?:_[A-Z]+)*)'/g))
        if (!/^E[A-Z]+$/.test(code ?? '')) codes.add(code ?? '');
    }
  }
  return [...codes].toSorted((a, b) => a.localeCompare(b));
}

describe('docs/troubleshooting.md', () => {
  test('has a row for every error code of the sources, and for no other', async () => {
    const codes = await codesOfSources();
    expect(codes.length).toBeGreaterThan(45);
    const listed = tableRows(await readDoc('troubleshooting.md'))
      .flatMap(({ cells }) => codeSpans(cells[0] ?? ''))
      .filter((span) => /^[A-Z_]+$/.test(span));
    expect(listed.toSorted((a, b) => a.localeCompare(b))).toEqual(codes);
  });
});
