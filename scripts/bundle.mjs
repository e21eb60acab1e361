// Bundles src and what every start needs of node_modules into few files: on Node 20 each module that is loaded, and
// each kilobyte that is parsed, is time before the first output. See docs/decisions/0016-bundle.md.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from './places.mjs';
import { replacedIn } from './replacements.mjs';
import { thirdPartyNotices } from './third-party-notices.mjs';

/** Loaded late or not at all, so they stay dependencies. jiti and pino also find files of their own by path. */
const external = ['inquirer', 'jiti', 'pino', 'pino-pretty'];

/** What oclif needs only to search for commands, plugins and rc files, to spin and to log: we never do. */
const unreachable = ['cli-spinners', 'debug', 'lilconfig', 'minimatch', 'tinyglobby'];

/** CommonJS packages that few starts need: each a file of its own, `dist/chunks/<name>.cjs`, read when it is required. */
const apart = {
  nkeys: '@nats-io/nkeys',
  ejs: 'ejs',
  'wrap-ansi': 'wrap-ansi',
  'string-width': 'string-width',
};

/**
 * Parts that are loaded together, each with all that it imports and no part before it holds: few files, because each
 * costs about a millisecond to find and to link, however small it is. What is left over rolldown splits by itself.
 */
const groups = [
  { name: 'oclif', test: /@oclif[\\/]core/ },
  {
    name: 'base',
    test: /src[\\/]lib[\\/](?:(?:domain|nats)[\\/](?!tls-refusal)[\w-]+|config[\\/](?:env-file|load|target)|permissions[\\/]role|server[\\/]state|telemetry[\\/]log-level)\.ts$/,
  },
  { name: 'command', test: /src[\\/]lib[\\/]cli[\\/](?:base-command|[\w-]+-flags?|view)\.ts$/ },
  { name: 'config', test: /src[\\/]lib[\\/]config[\\/](?:read-json|resolve|validate)\.ts$/ },
  { name: 'dlq', test: /src[\\/]lib[\\/]dlq[\\/]/ },
  { name: 'table', test: /src[\\/]lib[\\/]render[\\/](?:table|dead-letters)\.ts$/ },
].map((group, i, { length }) => ({ ...group, priority: length - i }));

/** Files that are found by their path, or find others by their own: each keeps it, with `src` turned into `dist`. */
function entries() {
  const source = join(root, 'src');
  const commands = readdirSync(join(source, 'commands'), { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('commands', name));
  const cli = ['command-not-found', 'help', 'start', 'watchdog', 'watchdog-thread'].map(
    (name) => `cli/${name}`,
  );
  const others = ['index', 'internals', ...cli];
  return Object.fromEntries(
    [...commands, ...others.map((name) => join('lib', `${name}.ts`))].map((name) => [
      name.replace(/\.ts$/, '').replaceAll(sep, '/'),
      join(source, name),
    ]),
  );
}

/** Writes the bundle to the folder `dir`. Throws on anything that rolldown warns of. Returns the licences in it. */
export async function bundle(dir) {
  const input = entries();
  const modules = await write({
    input,
    external,
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    plugins: [
      pathsHold(Object.values(input)),
      leaveOut(unreachable),
      keepApart(apart),
      replace(),
      requireLate(/@oclif[\\/]core[\\/]|@nats-io[\\/]transport-node[\\/]/),
      importByLoader(),
      behindModules(),
      inAscii(),
    ],
    output: {
      dir,
      entryFileNames: '[name].cjs',
      chunkFileNames: 'chunks/[name].cjs',
      exports: 'named',
      codeSplitting: { groups },
    },
  });
  for (const [name, id] of Object.entries(apart)) {
    const file = join(dir, 'chunks', `${name}.cjs`);
    modules.push(...(await write({ input: id, plugins: [inAscii()], output: { file } })));
  }
  const loader = readFileSync(join(root, 'scripts', 'chunks', 'load.js'), 'utf8');
  writeFileSync(join(dir, 'chunks', 'load.js'), loader.replace("'BUILD'", `'${digestOf(dir)}'`));
  return thirdPartyNotices(modules);
}

/** Of all code in the folder: another build has another one. */
function digestOf(dir) {
  const hash = createHash('sha256');
  const names = readdirSync(dir, { recursive: true }).filter((name) => name.endsWith('.cjs'));
  for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
    hash.update(`${name}\n`).update(readFileSync(join(dir, name)));
  }
  return hash.digest('hex').slice(0, 12);
}

/** Returns the modules that were written. */
async function write({ output: to, ...options }) {
  const build = await rolldown({
    cwd: root,
    platform: 'node',
    transform: { target: 'node20.19' },
    onwarn(warning) {
      throw new Error(`rolldown: ${warning.message}`);
    },
    ...options,
  });
  const { output } = await build.write({
    // Comments, dead code and long names of locals go; lines and the names of functions and classes stay, so that a
    // stack trace says where.
    format: 'cjs',
    comments: false,
    minify: { compress: true, mangle: { keepNames: true }, codegen: { removeWhitespace: false } },
    ...to,
  });
  await build.close();
  return output.flatMap((file) => (file.type === 'chunk' ? Object.keys(file.modules) : []));
}

/** A module that finds a file by its own path must keep that path. */
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

/** Packages whose code can't be reached: loading one would be a defect of the bundle, and says so. */
function leaveOut(names) {
  const prefix = '\0left-out:';
  return {
    name: 'leave-out',
    resolveId: (id) => (names.includes(id) ? prefix + id : undefined),
    load: (id) =>
      id.startsWith(prefix)
        ? `throw new Error("${id.slice(prefix.length)} is not part of plutomi-events"); module.exports = {};`
        : undefined,
  };
}

/** Leaves a package to its own file beside the chunk that holds `require`. */
function keepApart(packages) {
  const files = new Map(Object.entries(packages).map(([name, id]) => [id, `./${name}.cjs`]));
  return {
    name: 'keep-apart',
    resolveId(id, importer) {
      const file = importer && files.get(id);
      return file && { id: file, external: true };
    },
  };
}

function replace() {
  return {
    name: 'replace',
    transform: {
      filter: { id: /@oclif[\\/]core[\\/]lib|@nats-io[\\/]/ },
      handler(code, id) {
        const replaced = replacedIn(id, code);
        return replaced === code ? undefined : { code: replaced, map: null };
      },
    },
  };
}

/**
 * Lets a CommonJS module of `packages` load what it requires when it first uses it, instead of at its start: of oclif
 * a command runs a third. The same as inlineRequires of Metro.
 */
function requireLate(packages) {
  const statement =
    /^(?:const|let|var) (\w+) = ((?:__importStar|__importDefault)\(require\("[^"]+"\)\)|require\(["'][^"']+["']\));$/gm;
  return {
    name: 'require-late',
    transform: {
      filter: { id: packages },
      handler(code) {
        const required = [...code.matchAll(statement)];
        if (required.length === 0) return undefined;
        let late = code.replaceAll(statement, '');
        for (const [, name] of required) {
          late = late.replaceAll(new RegExp(`(?<![\\w.$])${name}(?![\\w$])`, 'g'), `(${name}$$late())`);
        }
        const loaders = required.map(
          ([, name, load]) => `let ${name}$; const ${name}$late = () => ${name}$ ??= ${load};`,
        );
        return { code: `${loaders.join('')}\n${late}`, map: null };
      },
    },
  };
}

/** A script can't import by itself: dist/chunks/load.js gives it what does. */
function importByLoader() {
  return {
    name: 'import-by-loader',
    renderChunk: (code) => ({
      code: code.replaceAll(/(?<![.\w$])import\((?!\))/g, 'importModule('),
      map: null,
    }),
  };
}

/** What is found by its path, or imported by others, is a module that loads the file of its name and exports the same. */
function behindModules() {
  return {
    name: 'behind-modules',
    generateBundle(_, files) {
      for (const { type, isEntry, fileName, exports } of Object.values(files)) {
        if (type !== 'chunk' || !isEntry) continue;
        const loader = relative(dirname(fileName), 'chunks/load.js').replaceAll(sep, '/');
        const names = exports.filter((name) => name !== 'default');
        const source = [
          `import { load } from '${loader}';`,
          `const exported = load('${fileName}');`,
          ...(names.length < exports.length ? ['export default exported.default;'] : []),
          ...(names.length > 0 ? [`export const { ${names.join(', ')} } = exported;`] : []),
        ];
        this.emitFile({
          type: 'asset',
          fileName: fileName.replace(/\.cjs$/, '.js'),
          source: `${source.join('\n')}\n`,
        });
      }
    },
  };
}

/** One byte a character in memory, and nothing to decode. */
function inAscii() {
  return {
    name: 'in-ascii',
    generateBundle(_, files) {
      for (const file of Object.values(files)) {
        if (file.type !== 'chunk') continue;
        file.code = file.code.replaceAll(/[^\0-\x7f]/g, (character) => {
          return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
        });
      }
    },
  };
}
