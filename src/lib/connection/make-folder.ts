import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes a folder for this user alone, and those above it that are missing. One after the other: Node's own recursive
 * `mkdir` never ends where a folder that exists takes none, as `/proc` does.
 */
export async function makeFolder(folder: string): Promise<void> {
  if (await makeOne(folder)) return;
  await makeFolder(path.dirname(folder));
  if (!(await makeOne(folder))) throw missing(folder);
}

/** False when the folder above it is missing. */
async function makeOne(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((await stat(folder).catch(() => undefined))?.isDirectory()) return true;
    const isRoot = path.dirname(folder) === folder;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !isRoot) return false;
    throw error;
  }
}

function missing(folder: string): NodeJS.ErrnoException {
  const error = new Error(`ENOENT: no folder can be made in ${path.dirname(folder)}: mkdir '${folder}'`);
  return Object.assign(error, { code: 'ENOENT', path: folder });
}
