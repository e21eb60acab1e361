// Bundles src and what every start needs of node_modules into few files: on Node 20 each module that is loaded, and
// each kilobyte that is parsed, is time before the first output. See docs/decisions/0016-bundle.md.
import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from './places.mjs';
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
  const cli = ['command-not-found', 'start', 'watchdog', 'watchdog-thread'].map((name) => `cli/${name}`);
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
      compileAtOnce(),
      builtinsAtOnce(),
      inAscii(),
    ],
    output: { dir, format: 'esm', chunkFileNames: 'chunks/[name].js', codeSplitting: { groups } },
  });
  for (const [name, id] of Object.entries(apart)) {
    const file = join(dir, 'chunks', `${name}.cjs`);
    modules.push(...(await write({ input: id, plugins: [inAscii()], output: { file, format: 'cjs' } })));
  }
  return thirdPartyNotices(modules);
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

/**
 * What of our dependencies costs every start and gives us nothing: oclif's question whether it runs in WSL loads four
 * packages, for a word in `--version` that ours doesn't say either; the first localeCompare of a process loads
 * collation tables; its log, which only DEBUG shows, five modules. The client loads nkeys before any is used,
 * WebCrypto for 12 random bytes, and all of TLS for its class, which a socket tells of itself.
 */
const replacements = [
  { file: '@oclif/core/lib/util/os.js', from: "(await import('wsl-utils')).isWsl", to: 'false' },
  { file: '@oclif/core/lib/util/os.js', from: "(await import('wsl-utils'))", to: '({})' },
  {
    file: '@oclif/core/lib/config/plugin.js',
    from: 'a.id.localeCompare(b.id)',
    to: '(a.id < b.id ? -1 : 1)',
  },
  { file: '@oclif/core/lib/logger.js', from: '(0, debug_1.default)(namespace)', to: '() => {}' },
  {
    file: '@nats-io/nats-core/lib/nkeys.js',
    from: 'exports.nkeys = __importStar(require("@nats-io/nkeys"));',
    to: 'Object.defineProperty(exports, "nkeys", { enumerable: true, get: () => require("@nats-io/nkeys") });',
  },
  { file: '@nats-io/nuid/lib/nuid.js', from: 'globalThis?.crypto?.getRandomValues', to: 'true' },
  {
    file: '@nats-io/nuid/lib/nuid.js',
    from: 'globalThis.crypto.getRandomValues(a)',
    to: 'require("node:crypto").randomFillSync(a)',
  },
  {
    file: '@nats-io/transport-node/lib/node_transport.js',
    from: 'this.socket instanceof node_tls_1.TLSSocket',
    to: 'this.socket?.encrypted === true',
  },
];

function replace() {
  return {
    name: 'replace',
    transform: {
      filter: { id: /@oclif[\\/]core[\\/]lib|@nats-io[\\/]/ },
      handler(code, id) {
        let replaced = code;
        for (const { file, from, to } of replacements) {
          if (!id.replaceAll('\\', '/').endsWith(`/${file}`)) continue;
          if (!replaced.includes(from)) {
            throw new Error(`${file} no longer says ${from}: see scripts/bundle.mjs`);
          }
          replaced = replaced.replaceAll(from, to);
        }
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

/**
 * The body of a CommonJS module as a function expression instead of an arrow: V8 takes the parentheses around one for
 * the sign that it is called at once, and doesn't read it twice. Node 20 doesn't see them around an arrow.
 */
function compileAtOnce() {
  return {
    name: 'compile-at-once',
    renderChunk: (code) => ({
      code: code.replaceAll(/__commonJSMin\(\(\(([\w$, ]*)\) => \{/g, '__commonJSMin((function($1) {'),
      map: null,
    }),
  };
}

/**
 * Node's own modules without the copy of all their members that an import makes, which loads what stands behind each
 * getter: WebCrypto for `randomUUID`.
 */
function builtinsAtOnce() {
  return {
    name: 'builtins-at-once',
    renderChunk: (code) => ({
      code: code
        .replaceAll(/^import \{([^}]+)\} from "(node:[\w/]+)";$/gm, (_, names, id) => {
          return `const {${names.replaceAll(' as ', ': ')}} = process.getBuiltinModule("${id}");`;
        })
        .replaceAll(/^import ([\w$]+) from "(node:[\w/]+)";$/gm, 'const $1 = process.getBuiltinModule("$2");')
        .replaceAll(/^import ([\w$]+), \{([^}]+)\} from "(node:[\w/]+)";$/gm, (_, all, names, id) => {
          return `const ${all} = process.getBuiltinModule("${id}"), {${names.replaceAll(' as ', ': ')}} = ${all};`;
        }),
      map: null,
    }),
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
