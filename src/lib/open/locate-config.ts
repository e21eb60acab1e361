import { findConfig, noConfigFile } from '../config/load.js';
import type { PipelineConfig } from '../config/resolved.js';
import type { Environment } from '../connection/environment.js';
import { escapeLine } from '../domain/escape.js';
import { ConnectionError, UsageError } from '../errors.js';
import type { Link } from '../nats/link.js';
import { type ConnectionTarget, describeServers } from '../nats/connect/target.js';
import type { NamedPipeline } from '../operations/find-applied.js';
import { suggestCommand, suggestFlag } from '../suggestion.js';

/** How to find the config. */
export interface LocateOptions {
  /** Where the search for a config file starts. */
  readonly cwd: string;
  /** A config file by name: no search. */
  readonly file?: string | undefined;
  /** Which pipeline is meant. Default: the one of the config file, else the only one of the account. */
  readonly named?: NamedPipeline | undefined;
  /** Loads the file that was found, and checks that it is the pipeline's that was named. */
  readonly load: (file: string) => Promise<PipelineConfig>;
  /** Where the server is, without a config. */
  readonly target: () => Promise<ConnectionTarget>;
  /** Connects to it; whoever gave this closes the link. */
  readonly connect: (target: ConnectionTarget) => Promise<Link>;
}

/** A config, and the connection that it was read over. */
export interface Located {
  readonly config: PipelineConfig;
  /** Not there: it is from a file, and nothing was connected to. */
  readonly link?: Link;
}

/** The config file, or, where there is none, the config as it was applied to the server. */
export async function locateConfig(options: LocateOptions): Promise<Located> {
  const { cwd, load } = options;
  const file = options.file ?? (await findConfig(cwd));
  if (file === undefined) return fromServer(options);
  return { config: await load(file) };
}

/** Which pipeline is meant, where that was said: for this call alone, or by the environment. */
export function namedPipeline(
  name: string | undefined,
  from: string,
  { pipeline }: Environment,
): NamedPipeline | undefined {
  if (name !== undefined) return { name, from };
  return pipeline === undefined ? undefined : { name: pipeline, from: 'PLUTOMI_PIPELINE' };
}

/** Who names a pipeline beside the config file of another one is at the wrong place. */
export function requireNamed({ name, file }: PipelineConfig, named: NamedPipeline | undefined): void {
  if (named === undefined || named.name === name) return;
  throw new UsageError(
    `${named.from} says ${escapeLine(named.name)}, and ${file} is the config of ${escapeLine(name)}`,
    {
      code: 'OTHER_PIPELINE',
      suggestions: [
        suggestFlag('pipeline', name, 'for the pipeline of this file'),
        'for another one, go to a folder without a config file, or name its file with --config',
      ],
    },
  );
}

async function fromServer({ cwd, named, target: find, connect }: LocateOptions): Promise<Located> {
  const target = await find();
  const where = escapeLine(describeServers(target.servers));
  let link: Link;
  try {
    link = await connect(target);
  } catch (error) {
    // Nobody named a server: what is missing is the config.
    const isUnanswered =
      error instanceof ConnectionError && ['UNREACHABLE', 'CANNOT_CONNECT'].includes(error.code);
    if (!isUnanswered || target.source !== 'the default') throw error;
    throw noConfigFile(cwd, `; no server was named to read it from, and none answers at ${where}`, [
      'or read it from the server: name that with --server, --context or NATS_URL',
    ]);
  }
  const { findApplied } = await import('../operations/find-applied.js');
  const config = await findApplied(link, named);
  if (config !== undefined) return { config, link };
  throw noConfigFile(cwd, `; and there is no pipeline on ${where}`, [
    suggestCommand('pipeline apply', { why: 'where the config file is, store it on the server' }),
    'or name another server with --server or --context',
  ]);
}
