import type { Checks } from '../../domain/options.js';
import { refuseNoFunction, refuseNoText } from '../../domain/given.js';
import path from 'node:path';
import { ConfigError, messageOf } from '../../errors.js';
import { compileIt, decoratorError, decoratorIn, refuseDecorators } from './decorators.js';
import { aliasHints } from './tsconfig.js';
import { makePrivate } from '../../connection/trust.js';

/** How modules of the user are loaded. */
export interface ModuleOptions {
  /** Our own public API: what `import … from 'plutomi-events'` gets, however the CLI was installed. */
  readonly library: () => Promise<unknown>;
  /** $XDG_CACHE_HOME or ~/.cache: compiled code is kept below it. */
  readonly cacheHome: string;
  /** Waits for a module of the user. Default: however long it takes, whatever it does to the process. */
  readonly untilLoaded?: <T>(load: () => Promise<T>) => Promise<T>;
}

export const moduleChecks = {
  library: refuseNoFunction,
  cacheHome: refuseNoText,
  untilLoaded: refuseNoFunction,
} as const satisfies Checks<ModuleOptions>;

/**
 * The default export of a user's module (`module.exports` of CommonJS), or undefined when it has none; a promise is
 * awaited. It may be `.ts`, `.mts`, `.mjs`, `.js` or `.cjs`, whatever the `type` of its package.
 *
 * Throws ConfigError with file and line: it can't be parsed, or it threw while it was loaded.
 */
export async function loadModule(file: string, options: ModuleOptions): Promise<unknown> {
  const exports = await loadExports(file, options);
  return exports === undefined ? undefined : exports['default'];
}

/** The same with all that a module exports; of a CommonJS function, its properties. Undefined: it has no exports. */
export async function loadExports(
  file: string,
  options: ModuleOptions,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (!isModule(file)) {
    throw new ConfigError(
      `can't load ${file}: expected a module that ends in .ts, .mts, .mjs, .js or .cjs, found "${path.extname(file)}"`,
    );
  }
  const { untilLoaded = (loading) => loading() } = options;
  const [fsCache, library] = await Promise.all([codeFolder(options.cacheHome), options.library()]);
  try {
    const { createJiti } = await import('jiti');
    const jiti = createJiti(file, {
      fsCache,
      virtualModules: { 'plutomi-events': library },
      // JavaScript knows no tsconfig, and one that can't be read must not be in its way.
      tsconfigPaths: isTypeScript(file),
      transformOptions: { babel: { presets: [refuseDecorators] } },
    });
    const exports = await untilLoaded(() => jiti.import<object>(file));
    if (isCommonJs(exports)) return { ...exports, default: await Promise.resolve<unknown>(exports) };
    const found = compiledFrom(namesOf(exports));
    if (!('default' in found)) return found;
    return { ...found, default: await untilLoaded(async () => found['default']) };
  } catch (error) {
    const decorator = decoratorIn(error);
    if (decorator !== undefined) throw decoratorError(file, decorator);
    const suggestions = unknownSyntax.test(messageOf(error))
      ? [compileIt(file)]
      : await aliasHints(file, messageOf(error));
    throw new ConfigError(`can't load ${file}: ${describeFailure(error, file)}`, [], {
      suggestions,
      cause: error,
    });
  }
}

/** As `module.exports`: a function always is, and whatever else was loaded before in this process. */
function isCommonJs(exports: object): boolean {
  if (typeof exports === 'function') return true;
  return !Object.hasOwn(exports, '__esModule') && !(Symbol.toStringTag in exports);
}

type Exports = Readonly<Record<string, unknown>>;

/** jiti's proxy answers `.default` with the whole module when there is none. */
function namesOf(exports: object): Exports {
  return Object.fromEntries(Object.keys(exports).map((name) => [name, (exports as Exports)[name]]));
}

/** A module that was compiled to CommonJS is itself the `default` of what Node imports. */
function compiledFrom(found: Exports): Exports {
  const { __esModule: isCompiled, default: inner } = found;
  if (isCompiled !== true || typeof inner !== 'object' || inner === null) return found;
  return '__esModule' in inner ? namesOf(inner) : found;
}

/** By its ending; a file without one may be CommonJS. */
export function isModule(file: string): boolean {
  return /^(?:\.[mc]?[jt]sx?)?$/.test(path.extname(file));
}

function isTypeScript(file: string): boolean {
  return /\.[mc]?ts$/.test(file);
}

/** Where compiled code is kept; false (nowhere) where another user could have put some. */
async function codeFolder(cacheHome: string): Promise<string | false> {
  const ours = path.join(cacheHome, 'plutomi-events');
  // Old code stays unread when what is compiled changes.
  const folder = path.join(ours, 'modules-2');
  return (await makePrivate(ours)) && (await makePrivate(folder)) ? folder : false;
}

/** How Babel says that it does not know a syntax, with advice for those who configure it. */
const unknownSyntax =
  /Support for the experimental syntax '([^']+)' isn't currently enabled.*(?=\s\S+:\d+:\d+\s*$)/s;

/** The message with the line of the user's file that it came from, on one line and without a stack. */
function describeFailure(error: unknown, file: string): string {
  const message = messageOf(error).split(/\n\s*Require stack:/)[0] ?? '';
  const text = message
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(unknownSyntax, 'TypeScript is only compiled without $1 here')
    .trim();
  const line = error instanceof Error ? lineIn(error.stack ?? '', file) : undefined;
  return line === undefined || text.includes(line) ? text : `${text} (at ${line})`;
}

/**
 * The first position of a stack that is in the user's own code, `file:line`. What was compiled has the lines of its
 * source, and columns of its own.
 */
function lineIn(stack: string, file: string): string | undefined {
  const folder = `${path.dirname(file)}${path.sep}`;
  for (const [, position] of stack.matchAll(/^\s+at (?:.*?\()?((?:file:\/\/)?\/[^()]*:\d+):\d+\)?$/gm)) {
    const plain = position?.replace(/^file:\/\//, '');
    if (plain?.startsWith(folder) && !plain.includes('node_modules')) return plain;
  }
  return undefined;
}
