import { access } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { docNames, pagesElsewhere, prose, readDoc } from '../../support/markdown.js';

const folder = fileURLToPath(new URL('../../../docs/', import.meta.url));
const files = [...(await docNames()), ...pagesElsewhere];

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...prose(markdown).matchAll(/^#+ (.+)$/gm)];
  return new Set(
    headings.map(([, text = '']) =>
      text
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

async function problemOf(from: string, link: string): Promise<string | undefined> {
  if (/^https?:/.test(link)) return undefined;
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from : path.join(path.dirname(from), file);
  const found = await access(path.join(folder, target)).then(
    () => true,
    () => false,
  );
  if (!found) return `${link}: no such file`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return anchorsOf(await readDoc(target)).has(anchor) ? undefined : `${link}: no such heading`;
}

describe('docs', () => {
  test.each(files)('%s: every link leads somewhere', async (file) => {
    const text = prose(await readDoc(file));
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
    const problems = await Promise.all(links.map((link) => problemOf(file, link)));
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  });

  test('the index names every page', async () => {
    const index = await readDoc('README.md');
    const pages = files.filter((file) => path.dirname(file) === '.' && file !== 'README.md');
    expect(pages.filter((page) => !index.includes(`](${page})`))).toEqual([]);
  });
});
