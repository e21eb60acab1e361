// What the bundle changes in our dependencies. See docs/decisions/0016-bundle.md.

/**
 * What costs every start and gives us nothing: oclif's question whether it runs in WSL loads four packages, for a
 * word in `--version` that ours doesn't say either; the first localeCompare of a process loads collation tables; its
 * log, which only DEBUG shows, five modules. The client loads nkeys before any is used, WebCrypto for 12 random bytes,
 * and all of TLS for its class, which a socket tells of itself; and it takes each byte of a message's first line by
 * itself to find the line's end, in code that a short command runs before V8 has optimized it.
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
  {
    file: '@nats-io/nats-core/lib/parser.js',
    from: 'this.argBuf.writeByte(b);\n                            }',
    to: `this.argBuf.writeByte(b);
} else { // The last byte before the line's end, or of what there is, may be a carriage return.
const end = buf.indexOf(10, i); i = Math.max(i, (end < 0 ? buf.length : end) - 2); }`,
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

/** The code of the module at this path with what is replaced in it. Throws where it no longer says that. */
export function replacedIn(path, code) {
  let replaced = code;
  for (const { file, from, to } of replacements) {
    if (!path.replaceAll('\\', '/').endsWith(`/${file}`)) continue;
    if (!replaced.includes(from)) {
      throw new Error(`${file} no longer says ${from}: see scripts/replacements.mjs`);
    }
    replaced = replaced.replaceAll(from, to);
  }
  return replaced;
}
