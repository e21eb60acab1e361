import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isInstalled } from './watched.js';

/** What each watched file looked like; `none` where there is no file. */
export type Looks = ReadonlyMap<string, string>;

const lookEveryMs = 250;
/** TypeScript writes `./x.js` for `./x.ts`, and an ending may be left out. */
const endings = ['', '.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json', '/index.ts', '/index.js'];
const specifier = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]*)\1/g;

/** These files and what they import by relative paths, each once; nothing below `node_modules`. */
export async function withImports(files: Iterable<string>): Promise<Set<string>> {
  const found = new Set(files);
  for (const file of found) {
    if (!/\.[mc]?[jt]s$/.test(file)) continue;
    const text = await readFile(file, 'utf8').catch(() => '');
    for (const [, , imported] of text.matchAll(specifier)) {
      const one = await resolveImport(path.resolve(path.dirname(file), imported ?? ''));
      if (!isInstalled(one)) found.add(one);
    }
  }
  return found;
}

/** The file that is meant; one that is not there may come. */
async function resolveImport(imported: string): Promise<string> {
  const bare = imported.replace(/\.([mc]?)js$/, '.$1ts');
  const tried = [...endings.map((ending) => imported + ending), bare];
  for (const file of tried) if ((await lookOf(file)) !== nothing) return file;
  return imported;
}

const nothing = 'none';

async function lookOf(file: string): Promise<string> {
  return stat(file).then(
    (found) => (found.isFile() ? `${found.mtimeMs} ${found.size} ${found.ino}` : nothing),
    () => nothing,
  );
}

export async function lookAt(files: Iterable<string>): Promise<Looks> {
  return new Map(await Promise.all([...files].map(async (file) => [file, await lookOf(file)] as const)));
}

/**
 * The files that no longer look as before, once they have stopped changing: an editor or a checkout writes several, and
 * some in two steps. Empty: stopped by the signal. Looks by itself instead of being notified: that works in containers
 * and on network drives too.
 */
export async function untilChanged(before: Looks, signal: AbortSignal): Promise<string[]> {
  let last = before;
  while (!signal.aborted) {
    await setTimeout(lookEveryMs, undefined, { signal }).catch(() => undefined);
    const now = await lookAt(before.keys());
    const changed = [...now.keys()].filter((file) => now.get(file) !== before.get(file));
    if (changed.length > 0 && [...now.keys()].every((file) => now.get(file) === last.get(file))) {
      return signal.aborted ? [] : changed;
    }
    last = now;
  }
  return [];
}
