import { createRequire } from 'node:module';
import path from 'node:path';

/**
 * The file of a package or module, looked for as from a file of these folders, the first one first; undefined: none of
 * them has it. A package that can only be imported is found too.
 */
export async function findModule(name: string, folders: readonly string[]): Promise<string | undefined> {
  const { createJiti } = await import('jiti');
  for (const folder of folders) {
    const from = path.join(folder, 'module.js');
    try {
      return createRequire(from).resolve(name);
    } catch {
      const found = createJiti(from).esmResolve(name, { try: true });
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
