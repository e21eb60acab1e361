import { lstatSync, mkdirSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Lets Node (22 and newer) keep the code that V8 compiles, in a folder of this user alone: who can write there decides
 * what we run, and Node's own place is below the temporary folder that all share. NODE_COMPILE_CACHE and
 * NODE_DISABLE_COMPILE_CACHE work as in Node.
 */
export function keepCompiledCode() {
  const { env } = process;
  if (module.enableCompileCache === undefined || env.NODE_COMPILE_CACHE) return;
  const folder = privateFolder(env.XDG_CACHE_HOME);
  if (folder !== undefined) module.enableCompileCache(folder);
}

/** Undefined where it can't be made, is a link, or belongs to somebody else: then the start is slower, nothing else. */
function privateFolder(cacheHome) {
  try {
    const folder = join(cacheHome || join(homedir(), '.cache'), 'plutomi-events', 'compiled');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const facts = lstatSync(folder);
    const mine = process.getuid === undefined || process.getuid() === facts.uid;
    return facts.isDirectory() && mine && (facts.mode & 0o022) === 0 ? folder : undefined;
  } catch {
    return undefined;
  }
}
