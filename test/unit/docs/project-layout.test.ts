import { access, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { codeSpans, readDoc, tableRows } from '../../support/markdown.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const doc = await readDoc('project-layout.md');
const rows = tableRows(doc);

const isPath = (span: string): boolean => /^(src|test|docs|scripts|bench|bin|examples|\.ci)(\/|$)/.test(span);
const paths = codeSpans(doc).filter(isPath);

describe('docs/project-layout.md', () => {
  test('names paths that exist', async () => {
    expect(paths.length).toBeGreaterThan(100);
    const missing = await Promise.all(
      paths.map((one) =>
        access(path.join(root, one)).then(
          () => [],
          () => [one],
        ),
      ),
    );
    expect(missing.flat()).toEqual([]);
  });

  test('names every folder of src/lib', async () => {
    const entries = await readdir(path.join(root, 'src/lib'), { recursive: true, withFileTypes: true });
    const folders = entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
    expect(folders.length).toBeGreaterThan(40);
    expect(folders.filter((folder) => !paths.includes(folder))).toEqual([]);
  });

  test('has the levels that the test of imports holds', async () => {
    const source = await readFile(path.join(root, 'test/unit/architecture/imports.test.ts'), 'utf8');
    const [, list = ''] = /^const layers[^=]*= \[\n([^]*?)^\];/m.exec(source) ?? [];
    const held = list
      .trim()
      .split('\n')
      .map((line) => [...line.matchAll(/'([^']+)'/g)].map(([, name]) => name ?? ''));
    expect(held.length).toBeGreaterThan(10);
    const shown: string[][] = [];
    for (const { section, cells } of rows) {
      const [mark] = cells;
      if (section !== 'The folders of src/lib' || mark === '') continue;
      const names = codeSpans(cells[1] ?? '').map((one) => path.basename(one));
      if (mark === 'same') shown.at(-1)?.push(...names);
      else shown.push(names);
    }
    expect(shown).toEqual(held);
  });

  test('names functions that stand in the files beside them', async () => {
    const steps = rows.filter(({ section }) => section.startsWith('How ') || section.startsWith('The life '));
    expect(steps.length).toBeGreaterThan(60);
    const wrong = steps.map(async ({ cells: [, files = '', functions = ''] }) => {
      const texts = await Promise.all(
        codeSpans(files).map((file) => readFile(path.join(root, file), 'utf8')),
      );
      const words = codeSpans(functions).flatMap((name) => name.split('.'));
      return words.filter((word) => !texts.some((text) => new RegExp(`\\b${word}\\b`).test(text)));
    });
    expect((await Promise.all(wrong)).flat()).toEqual([]);
  });
});
