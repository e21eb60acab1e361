// Bundles the command line, with what it needs of other packages, into dist/cli: on Node 20 each module that is found
// and linked is time before the first output. Packages are taken as they are. See docs/decisions/0016-bundle.md.
import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from './places.mjs';
import { thirdPartyNotices } from './third-party-notices.mjs';

/** Loaded late or not at all; they find files of their own by path. */
const external = ['jiti', 'pino', 'pino-pretty', 'undici'];

/** Asked for by oclif where a user has it. It is no dependency: only a development folder holds it. */
const absent = ['typescript'];

/** Found by their path, by oclif or by bin/run.js; or they find others by their own. */
const entries = ['start', 'command-not-found', 'help', 'watchdog', 'watchdog-thread'];

/** Loaded together by nearly every command: one file each, since a file costs half a millisecond however small. */
const groups = [
  { name: 'oclif', test: /@oclif[\\/]core/, priority: 3 },
  { name: 'nats', test: /@nats-io/, priority: 2 },
  { name: 'shared', test: /src[\\/]lib/, minShareCount: 4, priority: 1 },
];

function inputs() {
  const source = join(root, 'src');
  const commands = readdirSync(join(source, 'commands'), { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [join('commands', name), join(source, 'commands', name)]);
  const others = entries.map((name) => [name, join(source, 'lib', 'cli', `${name}.ts`)]);
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
    // What CommonJS has of its own and a module does not.
    transform: {
      target: 'node20.19',
      define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
    },
    plugins: [pathsHold(Object.values(input))],
    onwarn(warning) {
      throw new Error(`rolldown: ${warning.message}`);
    },
  });
  const { output } = await build.write({
    dir,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: { groups },
  });
  await build.close();
  return thirdPartyNotices(
    output.flatMap((file) => (file.type === 'chunk' ? Object.keys(file.modules) : [])),
  );
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
