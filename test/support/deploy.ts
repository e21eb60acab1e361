import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The text of a file, named from the folder of the project. */
export function readRoot(name: string): Promise<string> {
  return readFile(path.join(root, name), 'utf8');
}

/** The files below deploy/, named from there. */
export async function deployFiles(): Promise<string[]> {
  const entries = await readdir(path.join(root, 'deploy'), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(path.join(root, 'deploy'), path.join(entry.parentPath, entry.name)))
    .toSorted();
}

/** Names of our metrics in a text. */
export function metricsIn(text: string): string[] {
  return [...new Set(text.match(/\bplutomi_[a-z_]+/g))].toSorted();
}
