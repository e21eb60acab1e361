import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { createJiti } from 'jiti';
import { ConfigError, messageOf } from '../errors.js';

export interface ModuleOptions {
  /** Our own public API: what `import … from 'plutomi-events'` gets, however the CLI was installed. */
  readonly library: () => Promise<unknown>;
  /** $XDG_CACHE_HOME or ~/.cache: compiled code is kept below it. */
  readonly cacheHome: string;
}

/**
 * The default export of a user's module (`module.exports` of CommonJS), or undefined when it has none; a promise is
 * awaited. It may be `.ts`, `.mts`, `.mjs`, `.js` or `.cjs`, whatever the `type` of its package.
 *
 * Throws ConfigError with file and line: it can't be parsed, or it threw while it was loaded.
 */
export async function loadModule(file: string, options: ModuleOptions): Promise<unknown> {
  const jiti = createJiti(file, {
    fsCache: await privateFolder(path.join(options.cacheHome, 'plutomi-events', 'jiti')),
    virtualModules: { 'plutomi-events': await options.library() },
  });
  try {
    const exports = await jiti.import<object>(file);
    if (typeof exports === 'function') return exports;
    // jiti's proxy answers `.default` with the whole module when there is none.
    return Object.keys(exports).includes('default')
      ? await (exports as { default: unknown }).default
      : undefined;
  } catch (error) {
    throw new ConfigError(`can't load ${file}: ${describeFailure(error, file)}`, [], { cause: error });
  }
}

/** Makes the folder for this user alone; false (no cache) where that is not possible, or others can write to it. */
async function privateFolder(folder: string): Promise<string | false> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { mode, uid } = await stat(folder);
    const mine = process.getuid === undefined || process.getuid() === uid;
    return mine && (mode & 0o022) === 0 ? folder : false;
  } catch {
    return false;
  }
}

/** The message with the line of the user's file that it came from, on one line and without a stack. */
function describeFailure(error: unknown, file: string): string {
  const message = messageOf(error).split(/\n\s*Require stack:/)[0] ?? '';
  const text = message.replaceAll(/\s*\n\s*/g, ' ').trim();
  const frame = error instanceof Error ? frameIn(error.stack ?? '', file) : undefined;
  return frame === undefined || text.includes(frame) ? text : `${text} (at ${frame})`;
}

/** The first position of a stack that is in the user's own code, `file:line:column`. */
function frameIn(stack: string, file: string): string | undefined {
  const folder = `${path.dirname(file)}${path.sep}`;
  for (const [, position] of stack.matchAll(/^\s+at (?:.*?\()?((?:file:\/\/)?\/[^()]*:\d+:\d+)\)?$/gm)) {
    const plain = position?.replace(/^file:\/\//, '');
    if (plain?.startsWith(folder) && !plain.includes('node_modules')) return plain;
  }
  return undefined;
}
