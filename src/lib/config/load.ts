import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { ConfigError, type ConfigProblem } from '../errors.js';
import type { Environment } from '../connection/environment.js';
import { loadModule } from './file/load-module.js';
import type { JsonFile } from './file/read-json.js';
import type { PipelineConfig } from './resolved.js';
import { readTrust, requireTrusted, type Trust } from '../connection/trust.js';

/** Reads the process's environment: the only place that does. Empty variables count as unset. */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>> = process.env,
  cwd: string = process.cwd(),
): Environment {
  const get = (...names: string[]): string | undefined =>
    names.map((name) => variables[name]).find((value) => value);
  // A relative one would be another folder for each folder that a command is used in.
  const folder = (name: string): string | undefined => {
    const found = get(name);
    return found !== undefined && path.isAbsolute(found) ? found : undefined;
  };
  const home = folder('HOME') ?? folder('USERPROFILE') ?? homeOfSystem();
  const forced = get('FORCE_COLOR');
  const forceColor = forced !== undefined && forced !== '0' && forced !== 'false';
  const optional = {
    natsUrl: get('NATS_URL'),
    natsContext: get('NATS_CONTEXT'),
    natsUser: get('NATS_USER'),
    natsPassword: get('NATS_PASSWORD'),
    natsToken: get('NATS_TOKEN'),
    natsCreds: get('NATS_CREDS'),
    natsNkey: get('NATS_NKEY'),
    natsCa: get('NATS_CA'),
    natsCert: get('NATS_CERT'),
    natsKey: get('NATS_KEY'),
    inboxPrefix: get('NATS_INBOX_PREFIX'),
    clientId: get('NATS_CLIENT_ID'),
    natsServerBin: get('NATS_SERVER_BIN'),
    natsMirror: get('PLUTOMI_NATS_MIRROR'),
    httpsProxy: get('HTTPS_PROXY', 'https_proxy'),
    httpProxy: get('HTTP_PROXY', 'http_proxy'),
    noProxy: get('NO_PROXY', 'no_proxy'),
  };
  const set = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return {
    cwd,
    home,
    path: get('PATH') ?? '',
    configHome: folder('XDG_CONFIG_HOME') ?? path.join(home, '.config'),
    cacheHome: folder('XDG_CACHE_HOME') ?? path.join(home, '.cache'),
    startedByNpm: get('npm_execpath') !== undefined,
    noColor: forced === undefined ? get('NO_COLOR') !== undefined || get('TERM') === 'dumb' : !forceColor,
    forceColor,
    trust: readTrust(process.getuid?.(), variables),
    variables,
    ...set,
  };
}

/** By the system's list of users; as containers do it, `/` for a user id that the system knows nothing of. */
function homeOfSystem(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '/';
  }
}

/** Names of a config file, in the order in which they are looked for in a folder. */
export const configNames = ['ts', 'mjs', 'js', 'json'].map((ending) => `plutomi-events.config.${ending}`);

export interface LoadOptions {
  /** Where the search starts, and what `file` is relative to. */
  readonly cwd: string;
  /** A config file by name: no search. */
  readonly file?: string;
  readonly cacheHome: string;
  /** Whose config is read. Default: anybody's. */
  readonly trust?: Trust;
  /** Our public API, for configs that import it; not called for JSON. */
  readonly library: () => Promise<unknown>;
  /** Told about what is allowed but can lose events. */
  readonly onWarning?: (warning: ConfigProblem) => void;
}

/**
 * Finds, reads and validates the config.
 *
 * Throws ConfigError (exit code 2): missing, unreadable, or invalid, then with all problems at once.
 */
export async function loadConfig(options: LoadOptions): Promise<PipelineConfig> {
  const file =
    options.file === undefined ? await findConfig(options.cwd) : path.resolve(options.cwd, options.file);
  if (file === undefined) {
    throw new ConfigError(
      `no config file: looked for ${configNames.join(', ')} in ${options.cwd} and above`,
      [],
      {
        suggestions: [
          'name one with --config',
          'write plutomi-events.config.json; what it may say: plutomi-events config schema',
        ],
      },
    );
  }
  const { value: raw, lines } = await readConfig(file, options);
  const { validateConfig } = await import('./validation/validate.js');
  const { resolveConfig } = await import('./resolve.js');
  const { parsed, problems, warnings } = await validateConfig(raw, path.dirname(file), lines);
  if (parsed === undefined) {
    const { keysToLookUp } = await import('./validation/look-up.js');
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    throw new ConfigError(`${file} has ${count}:`, problems, {
      suggestions: keysToLookUp(problems),
    });
  }
  for (const warning of warnings) options.onWarning?.(warning);
  return resolveConfig(parsed, file);
}

/** The config file of `cwd` or of the nearest folder above it that has one. */
export async function findConfig(cwd: string): Promise<string | undefined> {
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    for (const name of configNames) {
      const file = path.join(folder, name);
      if (await isFile(file)) return file;
    }
    if (path.dirname(folder) === folder) return undefined;
  }
}

async function readConfig(
  file: string,
  options: LoadOptions,
): Promise<{ readonly value: unknown; readonly lines?: JsonFile['lines'] }> {
  if (!(await isFile(file))) {
    throw new ConfigError(`no config file at ${file}`, [], { suggestions: ['name another with --config'] });
  }
  await requireTrusted(file, options.trust);
  if (file.endsWith('.json')) {
    const { readJson } = await import('./file/read-json.js');
    return readJson(file);
  }
  const value = await loadModule(file, options);
  if (value !== undefined) return { value };
  throw new ConfigError(`${file} has no default export`, [], {
    suggestions: ["export default defineConfig({ name: '…' })"],
  });
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}
