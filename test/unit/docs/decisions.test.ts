import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../../docs/decisions/', import.meta.url));

test('the list of decisions has each of them once, in their order', async () => {
  const files = (await readdir(folder)).filter((name) => /^\d/.test(name)).toSorted();
  const listed = (await readFile(`${folder}README.md`, 'utf8')).matchAll(/^\| \[(\d+)\]\(([^)]+)\) \|/gm);
  expect([...listed].map(([, number, file]) => [number, file])).toEqual(
    files.map((file) => [file.slice(0, 4), file]),
  );
});
