import { checkOptions } from '../domain/options.js';
import { waitOf } from '../domain/given.js';
import { configFrom, loadConfig } from '../config/load.js';
import type { PipelineConfig } from '../config/resolved.js';
import { readEnvFile } from '../connection/env-file.js';
import { type Environment, readEnvironment } from '../connection/environment.js';
import { connect } from '../nats/connect/connect.js';
import type { Link } from '../nats/link.js';
import type { ConnectionTarget } from '../nats/connect/target.js';
import { findTarget } from '../pipeline/find-target.js';
import { makePipeline } from '../pipeline/pipeline.js';
import { locateConfig, type Located, namedPipeline, requireNamed } from './locate-config.js';
import { flagsOf, openChecks, type OpenOptions } from './open-options.js';
import { OpenPipeline } from './opened-pipeline.js';

/**
 * Opens the pipeline of a folder: config and server are found as the command line finds them there. Where there is no
 * config, it is read from the server; it has no handlers and schemas then. Close it, or let `await using` do that.
 *
 * @throws ConfigError (there is no config, or it has problems; all at once), UsageError (`SEVERAL_PIPELINES` and others),
 *   ConnectionError (`UNREACHABLE` and others)
 */
export async function openPipeline(options: OpenOptions = {}): Promise<OpenPipeline> {
  checkOptions(openChecks, options);
  const environment = await environmentOf(options.cwd);
  const { name = 'plutomi-events', clock, identity, onPublishWarning } = options;
  const { timeoutMs: given } = options;
  const timeoutMs = given === undefined ? undefined : waitOf('timeoutMs', given, 1);
  const target = (config?: PipelineConfig): Promise<ConnectionTarget> =>
    findTarget(config, { environment, ...flagsOf(options), name, timeoutMs });
  const opened: Link[] = [];
  const open = async (where: ConnectionTarget): Promise<Link> => {
    const link = await connect(where, clock ? { clock } : {});
    opened.push(link);
    return link;
  };
  try {
    const { config, link } = await located(options, environment, target, open);
    const pipeline = makePipeline({
      config,
      variables: environment.variables,
      link: link ?? (await open(await target(config))),
      ...(identity ? { identity } : {}),
    });
    const publishing = onPublishWarning ? { onWarning: onPublishWarning } : {};
    return new OpenPipeline(pipeline, environment, modulesOf(environment), publishing);
  } catch (error) {
    await Promise.all(opened.map((link) => link.close()));
    throw error;
  }
}

async function located(
  options: OpenOptions,
  environment: Environment,
  target: () => Promise<ConnectionTarget>,
  connect: (target: ConnectionTarget) => Promise<Link>,
): Promise<Located> {
  const { cwd } = environment;
  const { config: given, onWarning } = options;
  const warn = onWarning ? { onWarning } : {};
  const named = namedPipeline(options.pipeline, 'pipeline', environment);
  const checked = async (loading: Promise<PipelineConfig>): Promise<PipelineConfig> => {
    const config = await loading;
    requireNamed(config, named);
    return config;
  };
  if (typeof given === 'object')
    return {
      config: await checked(configFrom(given, { folder: cwd, variables: environment.variables, ...warn })),
    };
  return locateConfig({
    cwd,
    file: given,
    named,
    load: (file) =>
      checked(
        loadConfig({ cwd, file, variables: environment.variables, ...modulesOf(environment), ...warn }),
      ),
    target,
    connect,
  });
}

/** With the variables of `.env`, where they are not set already, and not empty; the process's own environment stays as it is. */
export async function environmentOf(cwd: string | undefined): Promise<Environment> {
  const before = readEnvironment(undefined, cwd);
  const added = await readEnvFile(before.cwd, before.trust);
  const unset = Object.entries(added).filter(([name]) => !before.variables[name]);
  return readEnvironment({ ...before.variables, ...Object.fromEntries(unset) }, before.cwd);
}

/** How configs and handlers are loaded. */
export function modulesOf({ cacheHome, trust }: Environment) {
  return { cacheHome, trust, library: () => import('../index.js') };
}
