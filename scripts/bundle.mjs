// Bundles the command line, with what it needs of other packages, into dist/cli: on Node 20 each module that is found
// and linked is time before the first output. Packages are taken as they are. See docs/decisions/0016-bundle.md.
import { readdirSync, writeFileSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from './places.mjs';
import { thirdPartyNotices } from './third-party-notices.mjs';

/** Loaded late or not at all; they find files of their own by path, or use eval. */
const external = ['hdr-histogram-js', 'jiti', 'pg', 'pino', 'pino-pretty', 'undici'];

/** Asked for by oclif where a user has it. It is no dependency: only a development folder holds it. */
const absent = ['typescript'];

/** Found by their path, by oclif or by bin/run.js; or they find others by their own. */
const entries = [
  'start',
  'usage/command-not-found',
  'usage/help',
  'run/watchdog',
  'run/watchdog-thread',
  'run/elsewhere/axiom-thread',
  'run/elsewhere/axiom-transport',
];

/** The command that stands for those that read, print and end. */
const short = 'commands/dlq/list';

function inputs() {
  const source = join(root, 'src');
  const commands = readdirSync(join(source, 'commands'), { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [join('commands', name), join(source, 'commands', name)]);
  const others = entries.map((name) => [basename(name), join(source, 'lib', 'cli', `${name}.ts`)]);
  return Object.fromEntries(
    [...commands, ...others].map(([name, file]) => [name.replace(/\.ts$/, '').replaceAll(sep, '/'), file]),
  );
}

/** Writes the bundle to the folder `dir`. Throws on anything that rolldown warns of. Returns the licences in it. */
export async function bundle(dir) {
  const input = inputs();
  const build = await rolldown({
    cwd: root,
    input,
    external: [...external, ...absent],
    platform: 'node',
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    transform: { target: 'node20.19' },
    plugins: [pathsHold(Object.values(input))],
    onwarn(warning) {
      throw new Error(`rolldown: ${warning.message}`);
    },
  });
  const { output } = await build.write({
    dir,
    format: 'cjs',
    exports: 'named',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: { groups: groupsOf(input) },
    // They are a seventh of what a start reads, and stand in the sources; the licences are in the notices.
    comments: false,
  });
  await build.close();
  writeFileSync(join(dir, 'package.json'), '{"type":"commonjs"}\n');
  return thirdPartyNotices(
    output.flatMap((file) => (file.type === 'chunk' ? Object.keys(file.modules) : [])),
  );
}

/**
 * What is loaded together is one file, since each costs half a millisecond however small it is: all that every start
 * needs, all that more than a few commands do, and all that a config file needs. What makes tables, and what a short
 * command does without, stand apart: a file is read and compiled as a whole. What is imported late stays apart;
 * rolldown splits that by itself.
 */
function groupsOf(input) {
  const commands = Object.entries(input).flatMap(([name, file]) =>
    name.startsWith('commands/') ? [file] : [],
  );
  const loaded = loadedAtOnce();
  const source = (file) => join(root, 'src', 'lib', file);
  const config = ['config/validation/validate.ts', 'config/resolve.ts', 'config/file/read-json.ts'].map(
    source,
  );
  const neededBy = (id, modules, files) => files.filter((file) => loaded(file, modules).has(id)).length;
  const group = (chunk, holds, priority) => ({
    debugName: chunk,
    name: (id, modules) => (holds(id, modules) ? chunk : null),
    priority,
  });
  const any = (files) => (id, modules) => neededBy(id, modules, files) > 0;
  const isShared = (id, modules) => neededBy(id, modules, commands) >= 4;
  const isInShort = any([input[short]]);
  return [
    group('start', any([input.start, input.help]), 5),
    group('commands', (id, modules) => isShared(id, modules) && isInShort(id, modules), 4),
    group('config', any(config), 3),
    group('tables', any([source('render/dead-letters.ts')]), 2),
    group('more', isShared, 1),
  ];
}

/** All that an entry imports, and what that imports: not what is imported late. */
function loadedAtOnce() {
  const known = new Map();
  return (entry, modules) => {
    if (!known.has(entry)) {
      const seen = new Set([entry]);
      for (const id of seen)
        for (const other of modules.getModuleInfo(id)?.importedIds ?? []) seen.add(other);
      known.set(entry, seen);
    }
    return known.get(entry);
  };
}

/** A module of ours that finds a file by its own path must keep its place beside it. */
function pathsHold(kept) {
  return {
    name: 'paths-hold',
    transform(code, id) {
      if (/new URL\([^)]*import\.meta\.url/.test(code) && !kept.includes(id)) {
        throw new Error(`${id} finds a file by its own path: it must be an entry of scripts/bundle.mjs`);
      }
    },
  };
}
