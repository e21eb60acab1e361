const { existsSync, lstatSync, mkdirSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { homedir } = require('node:os');
const path = require('node:path');

module.exports = { keepCompiledCode };

/**
 * Lets Node (22 and newer) keep the code that V8 compiles, in a folder of this user alone: who can write there decides
 * what we run, and Node's own place is below the temporary folder that all share. NODE_COMPILE_CACHE and
 * NODE_DISABLE_COMPILE_CACHE work as in Node.
 */
function keepCompiledCode() {
  const { env } = process;
  if (enableCompileCache === undefined || env.NODE_COMPILE_CACHE) return;
  const folder = privateFolder(env.XDG_CACHE_HOME);
  if (folder !== undefined) enableCompileCache(folder);
}

/** Undefined where it can't be made, is a link, or belongs to somebody else: then the start is slower, nothing else. */
function privateFolder(cacheHome) {
  try {
    const folder = path.join(cacheHome || path.join(homedir(), '.cache'), 'plutomi-events', 'compiled');
    // It would be in whatever folder the command is used in, which may be somebody else's.
    if (!path.isAbsolute(folder)) return undefined;
    makeFolder(folder);
    const facts = lstatSync(folder);
    const mine = process.getuid === undefined || process.getuid() === facts.uid;
    return facts.isDirectory() && mine && (facts.mode & 0o022) === 0 ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** As config/make-folder, which says why not by Node's recursive `mkdir`; that file is not loaded this early. */
function makeFolder(folder) {
  if (existsSync(folder)) return;
  const above = path.dirname(folder);
  if (above !== folder) makeFolder(above);
  mkdirSync(folder, { mode: 0o700 });
}
