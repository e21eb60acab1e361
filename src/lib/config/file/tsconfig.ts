import { stat } from 'node:fs/promises';
import path from 'node:path';

/** Where the aliases of a TypeScript file come from, for one that imports what is not found: by its error's message. */
export async function aliasHints(file: string, message: string): Promise<string[]> {
  const [, alias] = /Cannot find (?:module|package) '([^'./][^']*)'/.exec(message) ?? [];
  const extended = /^File '[^']*' not found\.$/.test(message);
  if ((alias === undefined && !extended) || !/\.[mc]?ts$/.test(file)) return [];
  const found = await nearest(path.dirname(file));
  if (found === undefined) return [];
  if (extended) return [`that is what ${found} extends: install it, or correct the path`];
  return [
    `if "${alias}" is an alias: those of compilerOptions.paths in ${found} are known, when it can be read; those of the projects that it references are not`,
  ];
}

async function nearest(folder: string): Promise<string | undefined> {
  const file = path.join(folder, 'tsconfig.json');
  if ((await stat(file).catch(() => undefined))?.isFile()) return file;
  const above = path.dirname(folder);
  return above === folder ? undefined : nearest(above);
}
