import { type Checks, requireOptions } from '../domain/options.js';
import { refuseNoFlag, refuseNoFunction, refuseNoObject, refuseNoText } from '../domain/given.js';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError, type ConfigProblem } from '../errors.js';
import { isModule, loadModule, moduleChecks } from './file/load-module.js';
import type { TextFile } from './file/positions.js';
import type { PipelineConfig } from './resolved.js';
import { requireTrusted, type Trust } from '../connection/trust.js';
import type { ValidateOptions } from './validation/validate.js';
import type { Variables } from './validation/fill-in.js';
import { suggestCommand, type Suggestion } from '../suggestion.js';

/** Names of a config file, in the order in which they are looked for in a folder. */
export const configNames = ['ts', 'mjs', 'js', 'json', 'yaml', 'yml'].map(
  (ending) => `plutomi-events.config.${ending}`,
);

/** Which config to load. */
export interface LoadOptions {
  /** Where the search starts, and what `file` is relative to. */
  readonly cwd: string;
  /** A config file by name: no search. */
  readonly file?: string;
  /** Folder for caches, e.g. `~/.cache`. */
  readonly cacheHome: string;
  /** Whose config files are accepted. Default: anybody's. */
  readonly trust?: Trust;
  /** Handler files that are not there are problems. Default: they are not looked for. */
  readonly handlerFiles?: boolean;
  /** Our public API, for configs that import it; not called for JSON and YAML. */
  readonly library: () => Promise<unknown>;
  /**
   * The environment: what `${NAME}` of a JSON or YAML config stands for, and NATS_SUBJECT_PREFIX, which is stronger than
   * the config. Empty counts as unset. Default: none is set.
   */
  readonly variables?: Variables;
  /** Called for each setting that is allowed but can lose events. */
  readonly onWarning?: (warning: ConfigProblem) => void;
}

const loadChecks = {
  ...moduleChecks,
  cwd: refuseNoText,
  file: refuseNoText,
  trust: refuseNoObject,
  handlerFiles: refuseNoFlag,
  variables: refuseNoObject,
  onWarning: refuseNoFunction,
} as const satisfies Checks<LoadOptions>;

/**
 * Finds, reads and validates the config.
 *
 * @throws ConfigError (exit code 2) if it is missing, unreadable or invalid; with all problems at once
 */
export async function loadConfig(options: LoadOptions): Promise<PipelineConfig> {
  requireOptions(loadChecks, options, ['cwd', 'cacheHome', 'library']);
  const file =
    options.file === undefined ? await findConfig(options.cwd) : path.resolve(options.cwd, options.file);
  if (file === undefined) throw noConfigFile(options.cwd);
  const { onWarning, handlerFiles, variables } = options;
  const read = await readConfig(file, options);
  return checked(file, { ...read, named: file, onWarning, handlerFiles, variables });
}

/** There is none in this folder and above; `besides` is what else was tried. */
export function noConfigFile(
  folder: string,
  besides = '',
  suggestions: readonly Suggestion[] = [],
): ConfigError {
  return new ConfigError(
    `no config file: looked for ${configNames.join(', ')} in ${folder} and above${besides}`,
    [],
    {
      suggestions: [
        'name one with --config',
        ...suggestions,
        suggestCommand('config schema', {
          why: 'write plutomi-events.config.json; what it may contain',
        }),
      ],
    },
  );
}

export interface ConfigFromOptions {
  /** What its paths are relative to. */
  readonly folder: string;
  /** What stands for it in errors. Default: `the config`. */
  readonly named?: string;
  /** Called for each setting that is allowed but can lose events. */
  readonly onWarning?: (warning: ConfigProblem) => void;
  /** NATS_SUBJECT_PREFIX is stronger than the config. Default: none is set. */
  readonly variables?: Variables;
}

/** A config that a program has made, checked and completed. Throws ConfigError with every problem at once. */
export function configFrom(
  value: unknown,
  { folder, named = 'the config', onWarning, variables }: ConfigFromOptions,
): Promise<PipelineConfig> {
  return checked(path.join(folder, configNames[2] ?? ''), { value, named, onWarning, variables });
}

interface Read extends Pick<ValidateOptions, 'positions' | 'fills'> {
  readonly value: unknown;
}

interface Checking extends Read {
  /** What stands for it in errors. */
  readonly named: string;
  readonly onWarning?: ((warning: ConfigProblem) => void) | undefined;
  readonly handlerFiles?: boolean | undefined;
  readonly variables?: Variables | undefined;
}

async function checked(
  file: string,
  { value, named, onWarning, ...options }: Checking,
): Promise<PipelineConfig> {
  const { validateConfig } = await import('./validation/validate.js');
  const { resolveConfig } = await import('./resolve.js');
  const { parsed, problems, warnings, suggestions } = await validateConfig(
    value,
    path.dirname(file),
    options,
  );
  if (parsed === undefined) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    throw new ConfigError(`${named} has ${count}:`, problems, { suggestions });
  }
  for (const warning of warnings) onWarning?.(warning);
  return resolveConfig(parsed, file);
}

/** The config file of `cwd` or of the nearest folder above it that has one. */
export async function findConfig(cwd: string): Promise<string | undefined> {
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    const file = await configIn(folder);
    if (file !== undefined) return file;
    if (path.dirname(folder) === folder) return undefined;
  }
}

async function configIn(folder: string): Promise<string | undefined> {
  for (const name of configNames) {
    const file = path.join(folder, name);
    if (await isFile(file)) return file;
  }
  return undefined;
}

async function readConfig(file: string, options: LoadOptions): Promise<Read> {
  if (!(await isFile(file))) throw await notAFile(file);
  await requireTrusted(file, options.trust);
  const text = await readText(file);
  // A module reads the environment itself.
  if (text !== undefined) return { ...text, fills: true };
  if (!isModule(file)) throw otherKind(file);
  const value = await loadModule(file, options);
  if (value !== undefined) return { value };
  throw new ConfigError(`${file} has no default export`, [], {
    suggestions: ["export default defineConfig({ name: '…' })"],
  });
}

function nothingIn(file: string): ConfigError {
  return new ConfigError(`${file} is empty, or has nothing but comments: a config has at least a name`, [], {
    suggestions: [suggestCommand('config schema', { note: 'what a config may contain' })],
  });
}

async function notAFile(file: string): Promise<ConfigError> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) {
    return new ConfigError(`no config file at ${file}`, [], { suggestions: ['name another with --config'] });
  }
  const what = found.isDirectory() ? 'a folder' : 'no regular file';
  const within = found.isDirectory() ? await configIn(file) : undefined;
  return new ConfigError(`expected a config file, found ${what}: ${file}`, [], {
    suggestions: [
      within === undefined ? 'name a file with --config' : `name the one in it with --config: ${within}`,
    ],
  });
}

function otherKind(file: string): ConfigError {
  const kinds = configNames.map((name) => path.extname(name)).join(', ');
  return new ConfigError(
    `can't read ${file}: expected a config that ends in one of ${kinds}, found "${path.extname(file)}"`,
    [],
    { suggestions: ['name another with --config, or rename it'] },
  );
}

/** Undefined: it is a module. */
async function readText(file: string): Promise<TextFile | undefined> {
  if (file.endsWith('.json')) return (await import('./file/read-json.js')).readJson(file);
  if (!/\.ya?ml$/.test(file)) return undefined;
  const text = await (await import('./file/read-yaml.js')).readYaml(file);
  if (text.value === null) throw nothingIn(file);
  return text;
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}
