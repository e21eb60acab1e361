import { configFrom, loadConfig } from '../config/load.js';
import type { PipelineConfig } from '../config/resolved.js';
import { readEnvFile } from '../connection/env-file.js';
import { type Environment, readEnvironment } from '../connection/environment.js';
import { connect } from '../nats/connect/connect.js';
import { findTarget } from '../pipeline/find-target.js';
import { makePipeline } from '../pipeline/pipeline.js';
import { flagsOf, type OpenOptions } from './open-options.js';
import { OpenPipeline } from './opened-pipeline.js';

/**
 * Opens the pipeline of a folder: config and server are found as the command line finds them there. Close it, or let
 * `await using` do that.
 *
 * @throws ConfigError (there is no config, or it has problems; all at once), ConnectionError (`UNREACHABLE` and others)
 */
export async function openPipeline(options: OpenOptions = {}): Promise<OpenPipeline> {
  const environment = await environmentOf(options.cwd);
  const config = await configOf(options, environment);
  const { name = 'plutomi-events', timeoutMs, clock, identity } = options;
  const target = await findTarget(config, { environment, flags: flagsOf(options), name, timeoutMs });
  const link = await connect(target, clock ? { clock } : {});
  const pipeline = makePipeline({ config, link, ...(identity ? { identity } : {}) });
  return new OpenPipeline(pipeline, environment, modulesOf(environment));
}

/** With the variables of `.env`, where they are not set already, and not empty; the process's own environment stays as it is. */
async function environmentOf(cwd: string | undefined): Promise<Environment> {
  const before = readEnvironment(undefined, cwd);
  const added = await readEnvFile(before.cwd, before.trust);
  const unset = Object.entries(added).filter(([name]) => !before.variables[name]);
  return readEnvironment({ ...before.variables, ...Object.fromEntries(unset) }, before.cwd);
}

function configOf({ config, onWarning }: OpenOptions, environment: Environment): Promise<PipelineConfig> {
  const { cwd } = environment;
  const warn = onWarning ? { onWarning } : {};
  if (typeof config === 'object') return configFrom(config, { folder: cwd, ...warn });
  const file = config === undefined ? {} : { file: config };
  return loadConfig({ cwd, ...file, ...modulesOf(environment), ...warn });
}

function modulesOf({ cacheHome, trust }: Environment) {
  return { cacheHome, trust, library: () => import('../index.js') };
}
