// Runs the CommonJS files of dist, and keeps the code that V8 makes of them: a start that finds it compiles nothing.
// See docs/decisions/0016-bundle.md.
import {
  fsyncSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { Script } from 'node:vm';

/** Names the files of dist by what is in them; the build says it. */
const build = 'BUILD';
const dist = dirname(import.meta.dirname);
const require = createRequire(import.meta.url);
const { arch, env, execArgv, execPath, getuid, pid, platform, version } = process;

/** Where code is kept, of this user alone; undefined: nowhere. */
const folder = folderOfCode();

/** What is loaded, or begins to be, by its path. */
const modules = new Map();
/** What was compiled here, by the file that is to keep it. */
const compiled = new Map();

function folderOfCode() {
  if (env.NODE_DISABLE_COMPILE_CACHE) return undefined;
  try {
    const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
    // Another program of the same version, as a distribution builds its own, may crash with the code of this one.
    const { size, mtimeMs } = statSync(execPath);
    const names = [build, version, platform, arch, size, Math.trunc(mtimeMs), ...flags()];
    const folder = join(cache, 'plutomi-events', 'code', names.join('-'));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return isMine(statSync(folder)) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** Nobody else can have put something there. */
function isMine({ uid, mode }) {
  return (getuid === undefined || uid === getuid()) && (mode & 0o022) === 0;
}

/** V8 takes no code that was made with other flags than its own. To know them costs more than a millisecond. */
function flags() {
  const some = execArgv.length > 0 || Boolean(env.NODE_OPTIONS);
  return some ? [process.getBuiltinModule('node:v8').cachedDataVersionTag()] : [];
}

/** What a file exports. `name`: its path in dist. */
export function load(name) {
  return run(join(dist, name)).exports;
}

function run(file) {
  const known = modules.get(file);
  if (known) return known;
  const module = { exports: {} };
  modules.set(file, module);
  const place = dirname(file);
  const requireFrom = (id) => (id.startsWith('.') ? run(join(place, id)).exports : require(id));
  compile(file).runInThisContext()(module.exports, requireFrom, module, file, place, (id) => import(id));
  return module;
}

function compile(filename) {
  const source = readFileSync(filename, 'latin1');
  // As Node does it for a CommonJS module; `import` is nothing that a script has.
  const wrapped = `(function (exports, require, module, __filename, __dirname, importModule) {${source}\n})`;
  const file = folder && join(folder, relative(dist, filename).replaceAll(sep, '-'));
  const cachedData = file && codeIn(file);
  if (cachedData) {
    const script = new Script(wrapped, { filename, cachedData });
    // V8 refuses the code of another version of itself, or for other flags, and has then compiled the source.
    if (!script.cachedDataRejected) return script;
  }
  return file ? compileToKeep(wrapped, filename, file) : new Script(wrapped, { filename });
}

function codeIn(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** All of it at once, since nobody knows what the next start will call. */
function compileToKeep(source, filename, file) {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  setFlagsFromString('--no-lazy');
  const script = new Script(source, { filename });
  setFlagsFromString('--lazy');
  if (compiled.size === 0) process.once('exit', keep);
  compiled.set(file, script);
  return script;
}

/** A file is complete or not there: V8 doesn't look at all that it reads. */
function keep() {
  try {
    for (const [file, script] of compiled) {
      const unfinished = `${file}.${pid}-${performance.now()}`;
      const descriptor = openSync(unfinished, 'w', 0o600);
      writeFileSync(descriptor, script.createCachedData());
      fsyncSync(descriptor);
      closeSync(descriptor);
      renameSync(unfinished, file);
    }
  } catch {
    // Without it the next start is slower, and nothing else.
  }
}
